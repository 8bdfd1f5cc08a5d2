#!/bin/sh
rsync -a app/ /srv/app/
