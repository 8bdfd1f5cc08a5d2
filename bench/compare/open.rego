# Whether TCP 3389 of a session host is open to a peer: one requirement of the matrix, as a policy that people write.
package hylint.compare

default open := false

open if {
	some group in input.groups.SecurityGroups
	some permission in group.IpPermissions
	permission.IpProtocol in ["tcp", "6", "-1"]
	covers(permission)
	some range in permission.IpRanges
	net.cidr_contains(range.CidrIp, input.peer)
}

covers(permission) if permission.IpProtocol == "-1"

covers(permission) if {
	permission.FromPort <= input.port
	permission.ToPort >= input.port
}
