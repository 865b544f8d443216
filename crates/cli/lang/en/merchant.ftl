# `merchant`.
merchant-added = merchant { $mch_id } was added; a running server takes note within a second
merchant-added-hint = its profile is `{ $profile }`
merchant-set = merchant { $mch_id } was changed; a running server takes note within a second
merchant-set-nothing = there is nothing to set: give at least one option besides `--json`
merchant-limits-crossed = the least amount of a packet, { $min } yuan, would be above the greatest, { $max } yuan
merchant-limits-crossed-hint = give `--packet-min` and `--packet-max` together; nothing was changed
merchant-revoked = certificate { $serial } of merchant { $mch_id } is refused from now on; a running server takes note within a second
merchant-reissued = merchant { $mch_id } has a new certificate and key in `{ $folder }`
merchant-none = there is no merchant { $mch_id } in this folder
merchant-none-hint = `hongbao merchant list` shows those there are
merchant-exists-hint = choose another number; `hongbao merchant list` shows those there are
merchant-line = { $mch_id }  { $name }  balance { $yuan } yuan  certificates revoked: { $revoked }
merchant-nothing = none
