# The merchant's side of a profile: its ledger, and what it refuses to send.
side-expires-soon = the client certificate expires in { $days } days: download a new one from the merchant console
side-no-ledger = there is no ledger `{ $file }`: with this profile nothing was asked or sent yet
side-no-ledger-hint = `hongbao query`, `send` and `follow` make it; if they did, check `ledger` of the profile
side-ledger-made = the ledger `{ $file }` is new: it knows of nothing that was sent before
side-ledger-gone = the ledger `{ $file }` is gone, although its key file `{ $key }` is there; nothing was asked or sent
side-ledger-gone-hint = mount its disk, correct `ledger`, or put it back from a backup: a new one would pay again what was paid; only if nothing was ever sent with it, remove `{ $key }`
side-over-pace = the merchant's pace left no turn in the time allowed; nothing was sent
side-over-pace-hint = do it again later, with the same number
side-other-parameters = `{ $billno }` was sent with another `{ $field }`; nothing was sent now
side-other-parameters-hint = the number stays with its first payment: repeat it with the first parameters, or give a new payment its own number and reference
side-ref-open = `{ $business_ref }` has the number `{ $billno }`, which has not failed for certain; nothing was sent now
side-ref-open-hint = a new number could pay twice: leave `--billno` away to send `{ $billno }` again, or run `hongbao follow { $billno }` until it is final
side-other-ref = `{ $billno }` was sent under another reference; nothing was sent now
side-other-ref-hint = give the reference under which it was sent, or a number of its own to this payment
side-elsewhere = `{ $billno }` is known here and was not sent from this ledger: its packet was seen, or it was noted more than a day ago; nothing was sent now
side-elsewhere-hint = its packet may have been paid, though NOT_FOUND answers for it once 30 days have passed: look it up in the merchant console; what was certainly never paid takes a number of its own
