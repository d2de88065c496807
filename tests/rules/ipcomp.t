# ipcomp: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter
-A INPUT -p ipcomp -m ipcomp --ipcompspi 18 ; ok ; =
-A INPUT -p ipcomp --ipcompspi 18 ; ok ; -A INPUT -p ipcomp -m ipcomp --ipcompspi 18
-A INPUT -p 108 --ipcompspi 18 ; ok ; -A INPUT -p ipcomp -m ipcomp --ipcompspi 18
-A INPUT -p ipcomp -m ipcomp ! --ipcompspi 18 ; ok ; =
-A INPUT -p ipcomp -m ipcomp --ipcompspi 4: ; ok ; -A INPUT -p ipcomp -m ipcomp --ipcompspi 4:4294967295
-A INPUT -p ipcomp -m ipcomp --ipcompspi :4 ; ok ; -A INPUT -p ipcomp -m ipcomp --ipcompspi 0:4
-A INPUT -p ipcomp -m ipcomp --ipcompspi 4:3 ; ok ; =
-A INPUT -p ipcomp -m ipcomp --ipcompspi 4:4 ; ok ; -A INPUT -p ipcomp -m ipcomp --ipcompspi 4
-A INPUT -p ipcomp -m ipcomp ; ok ; -A INPUT -p ipcomp -m ipcomp --ipcompspi 0
-A INPUT -m ipcomp ; fail
-A INPUT -m ipcomp --ipcompspi 3 ; fail
-A INPUT -p ipcomp -m ipcomp --compres ; ok ; -A INPUT -p ipcomp -m ipcomp --ipcompspi 0 --compres
-A INPUT -p ipcomp -m ipcomp --ipcompspi 18 --compres ; ok ; =
-A INPUT -p ipcomp -m ipcomp --ipcompspi 18 --ipcompspi 19 ; fail
@ip6 filter
-A INPUT -p ipcomp -m ipcomp --ipcompspi 4 ; ok ; =
@ip4 filter print-loses
-A INPUT -p ipcomp -m ipcomp --ipcompspi : ; ok ; -A INPUT -p ipcomp -m ipcomp
-A INPUT -p ipcomp -m ipcomp ! --ipcompspi : ; ok ; -A INPUT -p ipcomp -m ipcomp
