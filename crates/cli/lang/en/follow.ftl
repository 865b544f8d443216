# `follow`.
follow-attention = needs a person: { $why }
follow-progress = asked { $asked }, sent again { $resent }, { $rate } a second: { $counts }
follow-next = { $count } to be asked about again, the next at { $at }
follow-nothing-due = nothing is left to ask
follow-no-share = waiting for a share of the merchant's pace: the database is away, or other processes have all of it
follow-people = { $count } need a person
follow-people-hint = `hongbao attention --profile { $profile }` says which, and what to do
