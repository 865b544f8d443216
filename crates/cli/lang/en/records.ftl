# `records`, `history`, `attention`.
records-unknown-status = `{ $status }` is no status that this version knows; these are: { $known }
records-attention = (needs a person)
history-none = the ledger does not know `{ $billno }`; that says nothing about the packet
history-none-hint = check the number and the profile; `hongbao query` asks about it, and remembers
records-no-gateway = `{ $dir }` is not a gateway's folder: no inquiries are kept in it
records-no-gateway-hint = give the folder of `hongbao serve --upstream`, or a merchant's profile with `--profile`
records-merchant-needed = the folder does not have one merchant alone: name one with `--merchant`
attention-dismissed = { $billno } needs nobody any more, and is not asked about until `hongbao follow` names it
attention-none = no packet needs a person
attention-overdue = { $count } of them overdue: `hongbao follow` asks about what is overdue, and may settle it
attention-since = since { $at }
about-attention-unknown_too_long = unknown, or without an answer, for longer than `unknown_max` of the profile
    .do = Look at `hongbao history BILLNO`: fix what was refused, or ask the support of WeChat Pay; the number stays, and it is asked about meanwhile
about-attention-contradiction = two verified replies exclude each other, such as RECEIVED and FAILED
    .do = Ask the support of WeChat Pay, with both replies of `hongbao history BILLNO --raw`; never pay again before they answer
about-attention-window_closed = WeChat Pay no longer answers for it, and it never became final
    .do = Look it up in the merchant console; the number stays
