# `merchant`.
merchant-added = merchant { $mch_id } was added; a running server takes note within a second
merchant-added-hint = its profile is `{ $profile }`
merchant-revoked = certificate { $serial } of merchant { $mch_id } is refused from now on; a running server takes note within a second
merchant-reissued = merchant { $mch_id } has a new certificate and key in `{ $folder }`
merchant-none = there is no merchant { $mch_id } in this folder
merchant-none-hint = `hongbao merchant list` shows those there are
merchant-exists-hint = choose another number; `hongbao merchant list` shows those there are
merchant-line = { $mch_id }  { $name }  balance { $yuan } yuan  certificates revoked: { $revoked }
merchant-nothing = none
