# CT. Policies that --timeout may name: ttcp (inet, tcp), trst (inet, generic).
# COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 mangle
-A INPUT -j CT --notrack ; fail
@ip4 raw
-A PREROUTING -j CT --notrack ; ok ; =
-A PREROUTING -j CT ; ok ; =
-A PREROUTING -j CT --zone 5 ; ok ; =
-A PREROUTING -j CT --zone 0 ; ok ; -A PREROUTING -j CT
-A PREROUTING -j CT --zone-orig 5 --zone-reply 6 ; ok ; -A PREROUTING -j CT --zone 6
-A PREROUTING -j CT --zone-orig 5 --zone 6 ; ok ; -A PREROUTING -j CT --zone-orig 6
-A PREROUTING -j CT --zone mark ; ok ; =
-A PREROUTING -j CT --zone-orig mark ; ok ; =
-A PREROUTING -j CT --ctevents new,related ; ok ; =
-A PREROUTING -j CT --ctevents destroy,new ; ok ; -A PREROUTING -j CT --ctevents new,destroy
-A PREROUTING -j CT --ctevents foo ; fail
-A PREROUTING -j CT --ctevents new,related,destroy,reply,assured,protoinfo,helper,mark,natseqinfo,secmark ; ok ; =
-A PREROUTING -j CT --expevents new ; ok ; =
-A PREROUTING -p tcp -j CT --timeout ttcp ; ok ; =
-A PREROUTING -p tcp -j CT --zone-reply 3 --timeout ttcp --helper ftp ; ok ; -A PREROUTING -p tcp -j CT --helper ftp --timeout ttcp --zone-reply 3
-A PREROUTING -p tcp -j CT --timeout ttcp --notrack --ctevents new ; ok ; -A PREROUTING -p tcp -j CT --notrack --timeout ttcp --ctevents new
-A PREROUTING -p esp -j CT --timeout trst ; ok ; =
-A PREROUTING -p 99 -j CT --timeout trst ; ok ; =
-A PREROUTING -j CT --timeout trst ; fail
-A PREROUTING ! -p udp -j CT --timeout ttcp ; fail
-A PREROUTING -p tcp -j CT --timeout ; fail
-A PREROUTING -j CT --zone-orig 0 ; ok ; -A PREROUTING -j CT
-A PREROUTING -j CT --zone-reply 5 --zone-orig mark ; ok ; -A PREROUTING -j CT --zone mark
-A PREROUTING -j CT --zone mark --zone-orig 3 ; ok ; -A PREROUTING -j CT --zone-orig mark
-A PREROUTING -j CT --zone 0x10 ; ok ; -A PREROUTING -j CT --zone 16
-A PREROUTING -j CT --zone 65536 ; fail
-A PREROUTING -j CT --zone 1 --zone 2 ; fail
-A PREROUTING -p tcp -j CT --zone 65535 --notrack ; ok ; -A PREROUTING -p tcp -j CT --notrack --zone 65535
