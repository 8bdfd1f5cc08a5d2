ip6tables -F
ip6tables -X
