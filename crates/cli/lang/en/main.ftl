# The frame: exit codes, the command line's own errors, what goes wrong around every command.
help-exit-codes =
    Exit codes:
      0  done; of a query, the record was obtained and is not failed
      3  failed for certain: the only one that permits a new bill number
      6  unknown, or a person is needed: the bill number stays
      4  certificate, signature or permission: fix the set-up, the number stays
      7  no answer: ask again, slower; the number stays
      2  usage; of a send, refused: nothing was sent
      9  configuration
      1  a bug
      130  stopped by a signal; run again, it goes on
    With several bill numbers: 3 only where all failed, 0 only where none failed and
    all were answered; else the worst of 4, 7, 6.
main-output-lost = the output could not be written: { $error }
main-output-lost-hint = nothing was lost but the output; free some space and run it again with the same bill number
main-no-runtime = the machine gave no threads to work with: { $error }
main-no-runtime-hint = raise the limit of processes, `ulimit -u`
main-bug = this is a bug of hongbao { $version }: { $what } at { $place }
main-bug-hint = please report it with this line; a bill number in use stays, nothing says that it failed
usage-unknown-argument = there is no argument { $argument }
usage-unknown-command = there is no command { $command }
usage-missing-argument = missing: { $argument }
usage-conflict = { $argument } cannot be used with { $other }
usage-missing-value = { $argument } needs a value
usage-invalid-value = { $argument } cannot be { $value }; it is one of { $valid }
usage-bad-value = { $argument } cannot be { $value }: { $why }
usage-not-utf8 = an argument is not UTF-8
usage-other = the command line cannot be understood
usage-hint-meant = did you mean { $meant }?
usage-hint-help = `--help` after the command shows what it takes
args-bad-billno = a bill number is 1 to 28 of `0-9 a-z A-Z`
args-bad-mch-id = a merchant's number is 1 to 32 of `0-9 a-z A-Z`
args-bad-yuan = an amount is in yuan, above zero, with at most two decimals, such as `1.00`
args-bad-scene = a scene is one of `PRODUCT_1` to `PRODUCT_8`
args-bad-text = it must have 1 to { $chars_max } characters
args-bad-duration = it must be a duration such as `90s`, `20m`, `24h` or `30d`
args-bad-time = it must be a day such as `2026-01-31`, or a time such as `2026-01-31T09:30:00+08:00`
args-until-done = when nothing is left to ask, ever: all is final, or a person's
args-until-idle = when nothing is left to ask now: for a timer that runs it again
args-until-stopped = by a signal alone: for a service
args-bad-serial = a serial number is hexadecimal, at most 20 bytes, as `openssl x509 -serial` prints it
args-bad-network = it must be an address such as `127.0.0.1` or a network such as `10.0.0.0/8`
args-bad-probability = a probability is a number from 0 to 1
args-on-send = sends
args-on-query = queries
args-on-both = sends and queries
args-policy-require = unknown: a success must be signed
args-policy-verify-if-present = accepted; a signature is checked where there is one
man-written = wrote { $count } manual pages to `{ $dir }`
