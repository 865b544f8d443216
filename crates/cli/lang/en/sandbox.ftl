# `sandbox`, and the client of the admin listener.
admin-url = `{ $url }` is not the URL of an admin listener
admin-url-hint = give the second URL of the `ready` line, such as `http://127.0.0.1:8080`
admin-refused = the server refused: { $about } ({ $why })
admin-not-ours = what answers at { $url } is no hongbao server
admin-unreachable = no server answers at { $url }: { $why }
admin-unreachable-hint = start one with `hongbao serve`, or name its folder with `--dir` or its admin URL with `--admin`
sandbox-now = { $mode }, { $now }
sandbox-advanced = it is now { $now }; packets moved: { $moved }
sandbox-packet = { $billno }  { $status }
sandbox-packet-reason = { $billno }  { $status }  { $reason }
sandbox-balance = merchant { $mch_id } has { $yuan } yuan
sandbox-fault-set = set: { $fault }
sandbox-no-faults = no fault is set
sandbox-faults-cleared = faults cleared: { $count }
sandbox-no-findings = nothing was found: no unclear outcome was answered with a new number
sandbox-finding = { $at }  merchant { $mch_id }: { $first } was unclear ({ $told }), and { $second } paid the same person { $yuan } yuan again
sandbox-bad-delay = `{ $text }` is no duration
sandbox-bad-delay-hint = write it such as `500ms` or `5s`
run-none = no server runs in `{ $dir }`
run-none-hint = start it with `hongbao serve --dir { $dir }`, or give the admin URL of a running one with `--admin`
admin-hint-NO_PACKET = check the number, and the merchant with `--mch-id`; a packet exists once its send was taken
admin-hint-NO_MERCHANT = `hongbao merchant list` shows those there are
admin-hint-NO_FAULT = `hongbao sandbox fault list` shows those there are
admin-hint-TRANSITION_REFUSED = look at the packet's status first, with `hongbao query`
admin-hint-SANDBOX_OFF = set `mode = "sandbox"` in `hongbao.toml` and start the server again
admin-hint-BAD_ADVANCE = advance forwards, by as much as `24h` or `31d`
admin-hint-BAD_REQUEST = write durations as `90s`, `24h` or `31d`
