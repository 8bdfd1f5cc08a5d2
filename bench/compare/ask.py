#!/usr/bin/env python3
"""Asks a Rego policy whether a port is open to a peer: ask.py POLICY GROUPS.json. Prints the answer."""
import json
import sys

import regorus


def main():
    engine = regorus.Engine()
    engine.add_policy_from_file(sys.argv[1])
    with open(sys.argv[2], encoding='utf-8') as f:
        groups = json.load(f)
    engine.set_input({'groups': groups, 'port': 3389, 'peer': '10.64.0.10'})
    print(engine.eval_rule('data.hylint.compare.open'))


main()
