# mac: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -m mac --mac-source 00:11:22:aa:BB:cc ; ok ; -A INPUT -m mac --mac-source 00:11:22:aa:bb:cc
-A INPUT -m mac ! --mac-source 00:11:22:aa:BB:cc ; ok ; -A INPUT -m mac ! --mac-source 00:11:22:aa:bb:cc
-A INPUT -m mac --mac-source 0:1:2:a:B:c ; ok ; -A INPUT -m mac --mac-source 00:01:02:0a:0b:0c
-A INPUT -m mac --mac-source 00:11:22:aa:BB ; fail
-A INPUT -m mac --mac-source 00-11-22-aa-BB-cc ; fail
-A INPUT -m mac ; fail
-A OUTPUT -m mac --mac-source 00:11:22:aa:BB:cc ; fail
-A FORWARD -m mac --mac-source 00:11:22:aa:BB:cc ; ok ; -A FORWARD -m mac --mac-source 00:11:22:aa:bb:cc
@ip4 filter
-A INPUT -m mac --mac-source " 2:0:+0:0:0:1" ; ok ; -A INPUT -m mac --mac-source 02:00:00:00:00:01
-A INPUT -m mac --mac-source ::-1:::1 ; ok ; -A INPUT -m mac --mac-source 00:00:ff:00:00:01
-A INPUT -m mac --mac-source +02:0:0:0:0:1 ; fail
-A INPUT -m mac --mac-source +:0:0:0:0:1 ; fail
