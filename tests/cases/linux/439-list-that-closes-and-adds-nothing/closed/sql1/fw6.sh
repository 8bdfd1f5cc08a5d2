ip6tables -F
ip6tables -P INPUT DROP
ip6tables -P FORWARD DROP
