#!/bin/sh
make html
