#!/bin/sh
for d in etc var; do tar cf /backup/$d.tar /$d; done
