# LED: COMMAND ; ok ; what iptables-save prints of it, or COMMAND ; fail. `=': as written.
@ip4 filter keepstate-only
-A INPUT -j LED --led-trigger-id "foo" ; ok ; =
-A INPUT -j LED --led-trigger-id foo ; ok ; -A INPUT -j LED --led-trigger-id "foo"
-A INPUT -j LED --led-trigger-id "foo" --led-delay 42 --led-always-blink ; ok ; =
-A INPUT -j LED --led-trigger-id foo --led-delay INFx --led-always-blink ; ok ; -A INPUT -j LED --led-trigger-id "foo" --led-delay inf --led-always-blink
-A INPUT -j LED --led-trigger-id foo --led-delay 0x10 ; ok ; -A INPUT -j LED --led-trigger-id "foo" --led-delay 16
-A INPUT -j LED --led-trigger-id foo --led-delay 0 ; ok ; -A INPUT -j LED --led-trigger-id "foo"
-A INPUT -j LED --led-trigger-id foo --led-delay abc ; fail
-A INPUT -j LED --led-trigger-id 1234567890123456 ; ok ; -A INPUT -j LED --led-trigger-id "1234567890123456"
-A INPUT -j LED --led-trigger-id 12345678901234567 ; fail
-A INPUT -j LED --led-delay 3 ; fail
-A INPUT -j LED ; fail
-A INPUT -j LED ! --led-trigger-id a ; fail
-A INPUT -j LED --led-trigger-id a --led-trigger-id b ; fail
@ip6 filter keepstate-only
-A FORWARD -j LED --led-trigger-id "foo" --led-delay 42 ; ok ; =
