//! What every store must do. A store joins by a line in `stores.rs` and one in `for_each_store`.
#![allow(clippy::unwrap_used)]

mod archive;
mod asking;
mod concurrency;
mod copying;
mod forgetting;
#[path = "../given/mod.rs"]
mod given;
mod inquiries;
mod leases;
mod limits;
mod listing;
mod merchants;
mod records;
mod runs;
mod stores;
mod texts;

/// Makes each test once for every store.
macro_rules! for_each_store {
    ($($room:ident: $($name:ident)+;)+) => {
        for_each_store!(@store memory $($($room $name)+)+);
        for_each_store!(@store sqlite $($($room $name)+)+);
        for_each_store!(@store postgres $($($room $name)+)+);
    };
    (@store $store:ident $($room:ident $name:ident)+) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(store) = crate::stores::$store().await else { return };
                    crate::$room::$name((&store).into()).await;
                }
            )+
        }
    };
}

for_each_store! {
    records:
        a_record_comes_back_as_it_was_committed
        a_commit_replaces_the_record_and_its_reply
        what_was_never_committed_is_not_there
        an_expectation_that_does_not_hold_is_a_conflict
        a_conflict_changes_nothing
        a_commit_without_entries_is_refused
        a_commit_of_no_merchant_is_refused
        history_keeps_its_order_and_raw_messages
        merchants_do_not_see_each_other
        times_are_kept_in_whole_milliseconds;
    limits:
        a_budget_takes_from_the_balance
        the_receivers_count_is_exact
        the_receivers_amount_is_exact
        the_merchants_amount_is_exact
        the_balance_is_exact
        limits_break_in_their_order
        days_receivers_and_merchants_count_apart
        a_refused_budget_changes_nothing
        a_refund_adds_to_the_balance
        a_refund_over_the_largest_amount_is_refused;
    listing:
        records_are_listed_in_bytewise_order_by_page
        a_filter_holds_in_all_its_parts
        a_limit_is_brought_into_its_range
        due_gives_the_longest_due_first
        unclear_gives_what_the_merchant_cannot_know
        findings_come_with_their_commit_and_once;
    merchants:
        a_merchant_comes_back_as_it_was_added
        a_merchant_is_added_once
        an_update_keeps_the_balance_and_when_it_was_added
        of_two_updates_of_what_was_read_once_the_second_is_refused
        an_update_of_no_merchant_is_refused
        a_top_up_returns_the_new_balance
        a_top_up_is_guarded
        the_version_grows_with_changes_but_not_with_balances
        settings_are_kept
        a_setting_is_replaced_where_it_is_what_was_read
        a_working_store_passes_its_check;
    concurrency:
        a_balance_is_never_overdrawn
        of_two_equal_expectations_one_wins
        a_commit_is_seen_by_every_reader_once_acknowledged
        one_that_fails_does_not_take_others_with_it;
    inquiries:
        an_inquiry_comes_back_as_it_was_committed
        a_commit_replaces_the_inquiry
        what_was_never_noted_is_not_there
        an_inquiry_that_is_not_as_expected_is_a_conflict
        an_inquiry_refused_changes_nothing
        a_commit_counts_the_other_numbers_of_its_reference
        of_two_that_find_a_reference_free_one_wins
        of_two_that_saw_one_version_one_wins
        numbers_of_a_reference_come_the_first_noted_first
        an_inquirys_history_keeps_its_order_and_raw_messages
        inquiries_of_merchants_lie_apart
        an_inquirys_times_are_kept_in_whole_milliseconds;
    asking:
        a_filter_of_inquiries_holds_in_all_its_parts
        inquiries_are_listed_in_bytewise_order_by_page
        a_limit_of_inquiries_is_brought_into_its_range
        the_longest_due_inquiry_comes_first
        what_a_clock_that_was_ahead_made_due_is_due;
    archive:
        a_store_that_holds_nothing_has_no_chain
        every_entry_is_in_its_chain
        a_commit_that_fails_does_not_move_the_chain
        totals_are_kept_with_every_commit
        totals_reconcile_with_the_packets_whatever_happens
        old_messages_are_removed_and_their_hashes_stay
        settings_are_listed_by_name;
    forgetting:
        a_receiver_is_forgotten_everywhere
        a_receiver_of_a_packet_that_is_open_is_not_forgotten
        messages_of_other_packets_that_name_the_receiver_are_removed
        an_alias_is_no_receiver
        a_copy_that_has_messages_already_loses_them_with_the_source
        who_is_forgotten_has_used_the_limits_of_the_day_still
        a_day_that_is_over_is_counted_under_the_alias;
    texts:
        a_record_of_long_and_odd_texts_is_kept_and_found
        an_inquiry_of_long_and_odd_texts_is_kept_and_found
        a_receiver_with_a_long_and_odd_name_is_forgotten;
    copying:
        a_copy_is_the_same_and_can_go_on
        a_chain_that_does_not_follow_is_refused
        a_part_of_no_merchant_is_refused
        an_estate_takes_the_place_of_what_is_there;
    leases:
        what_is_due_is_leased_to_one
        a_commit_ends_the_lease_of_a_record
        of_many_that_claim_each_gets_its_own
        due_inquiries_are_leased_to_one
        an_inquiry_is_claimed_by_one_until_it_ends
        a_lease_that_ends_too_late_keeps_nobody_off
        a_pace_is_shared_evenly
        slices_never_come_to_more_than_the_whole;
    runs:
        a_run_begins_once_until_it_ends
        a_run_that_nobody_continues_is_forgotten
        a_duplicate_row_is_told_the_first_line
        runs_lie_apart
        unsighted_is_what_no_row_named
        a_large_run_is_forgotten_whole;
}
