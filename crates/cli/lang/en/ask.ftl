# `query` and `send`.
ask-yuan = { $yuan } yuan ({ $fen } fen)
ask-unreadable-time = { $text } (cannot be read as a time)
ask-alert-amount = the amount received differs from the amount of the packet
ask-alert-err-code = the record stands beside `err_code` { $code }
ask-raw = the reply, as it came:
ask-unverified = accepted without a signature, as `verify_if_present` allows
ask-from-ledger = from the ledger, last asked { $at }
ask-from-ledger-never = from the ledger; the query was not asked yet
send-billno = bill number { $billno }: note it; it stays with this payment until the packet is final
send-billno-needed = the merchant number { $mch_id } is too long to make a bill number from
send-billno-needed-hint = give one with `--billno`
send-stopped = stopped: { $billno } may have been sent, and stays with this payment; `hongbao query --profile FILE { $billno }` asks
send-taken = whether it arrived, only the query says: `hongbao query --profile FILE { $billno }`
client-failed = the client could not be set up: { $why }
client-failed-hint = check `base_url` and `ca_file` of the profile
