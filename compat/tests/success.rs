//! What each SDK reads back of a packet in every state is what the ledger says, field by field.

mod checks;

use hongbao_compat::lab;

#[test]
fn every_state_reads_back_as_the_ledger_has_it() {
    let Some(lab) = lab() else { return };
    checks::every_state_reads_back_as_the_ledger_has_it(lab);
}

#[test]
fn every_optional_field_of_an_order_arrives() {
    let Some(lab) = lab() else { return };
    checks::every_optional_field_of_an_order_arrives(lab);
}

#[test]
fn the_same_number_again_is_one_packet() {
    let Some(lab) = lab() else { return };
    checks::the_same_number_again_is_one_packet(lab);
}
