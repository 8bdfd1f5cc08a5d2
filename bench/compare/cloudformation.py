#!/usr/bin/env python3
"""Writes the security groups of `aws ec2 describe-security-groups` as a CloudFormation template, rule by rule.

    cloudformation.py groups.json > template.json

checkov reads templates and no exports. Group references and prefix lists have no place in an inline rule of a range,
so only address entries are written; the number that is left out goes to standard error.
"""
import json
import sys


def entries(permissions):
    """The inline rules of a list of permissions, and how many entries have no address."""
    out, left = [], 0
    for p in permissions:
        base = {'IpProtocol': p['IpProtocol']}
        if 'FromPort' in p:
            base |= {'FromPort': p['FromPort'], 'ToPort': p['ToPort']}
        for key, name, field in (('IpRanges', 'CidrIp', 'CidrIp'), ('Ipv6Ranges', 'CidrIpv6', 'CidrIpv6')):
            for r in p.get(key, []):
                out.append(base | {name: r[field], 'Description': r.get('Description', '')})
        left += len(p.get('UserIdGroupPairs', [])) + len(p.get('PrefixListIds', []))
    return out, left


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        groups = json.load(f)['SecurityGroups']
    resources, left = {}, 0
    for n, g in enumerate(groups):
        ingress, a = entries(g.get('IpPermissions', []))
        egress, b = entries(g.get('IpPermissionsEgress', []))
        left += a + b
        resources[f'Group{n}'] = {
            'Type': 'AWS::EC2::SecurityGroup',
            'Properties': {
                'GroupDescription': g.get('Description') or g['GroupName'],
                'VpcId': g.get('VpcId', ''),
                'SecurityGroupIngress': ingress,
                'SecurityGroupEgress': egress,
            },
        }
    json.dump({'AWSTemplateFormatVersion': '2010-09-09', 'Resources': resources}, sys.stdout, indent=1)
    if left:
        print(f'{left} entries without addresses are not in the template', file=sys.stderr)


main()
