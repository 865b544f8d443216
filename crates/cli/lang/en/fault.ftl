# The faults of the sandbox: what each does.
fault-reply-lost = the money moves, and the reply is lost
fault-delay = the reply comes late
fault-http-400 = HTTP 400 with a page of HTML, as for a bad client certificate
fault-http-502 = HTTP 502 with a page of HTML
fault-empty-body = HTTP 200 with an empty body
fault-truncated-xml = XML that ends in the middle
fault-unknown-error-code = an `err_code` that no table has
fault-new-field = a field that the page does not name
fault-other-order = the fields in another order
fault-unsigned = a success without a signature
fault-wrongly-signed = a signature that does not hold
fault-unknown-status = a status that no table has
fault-systemerror = SYSTEMERROR: the outcome is unknown
fault-freq-limit = FREQ_LIMIT: too many requests
fault-not-found-first = NOT_FOUND for the first queries after a send
fault-reset-before = the connection is reset before the request is carried out
fault-reset-after = the connection is reset after the request was carried out
