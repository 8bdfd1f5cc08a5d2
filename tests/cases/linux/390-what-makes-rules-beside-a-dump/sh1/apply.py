#!/usr/bin/env python3
import subprocess
subprocess.run(["iptables","-A","INPUT","-j","DROP"])
