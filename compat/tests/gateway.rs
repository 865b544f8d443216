//! The same SDKs with a gateway in between: only base URL and CA are others. What they read back
//! is what the payer's ledger says, and whatever the payer's trouble, they are told no more than
//! a code that leaves the number as it is.

mod checks;

use hongbao_compat::{Mark, cells, lab_behind_gateway};
use hongbao_issuer::Fault;

#[test]
fn every_state_reads_back_as_the_ledger_has_it() {
    let Some(lab) = lab_behind_gateway() else { return };
    checks::every_state_reads_back_as_the_ledger_has_it(lab);
}

#[test]
fn every_optional_field_of_an_order_arrives() {
    let Some(lab) = lab_behind_gateway() else { return };
    checks::every_optional_field_of_an_order_arrives(lab);
}

#[test]
fn the_same_number_again_is_one_packet() {
    let Some(lab) = lab_behind_gateway() else { return };
    checks::the_same_number_again_is_one_packet(lab);
}

#[test]
fn no_fault_of_the_payer_leaves_an_sdk_without_a_word() {
    let Some(lab) = lab_behind_gateway() else { return };
    // FREQ_LIMIT slows the merchant's pace down for everybody, as it shall: too slow for this test
    for (call, fault, cells) in cells(lab, &[Fault::FreqLimit]) {
        // an SDK that does not wait is not there to be told
        for (sdk, cell) in cells.iter().filter(|_| fault != "delay") {
            let told = matches!(cell.mark(), Mark::None | Mark::PaysTwiceUnlessRead);
            assert!(told, "{sdk:?} {} {fault}: {cell}", call.as_str());
        }
    }
}
