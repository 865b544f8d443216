//! The server's turn: bytes, fields, merchant, signatures, and then the issuer.

use crate::check::Check;
use crate::truth::Truth;
use crate::world::World;
use hongbao_client::Call;
use hongbao_issuer::{Answer, Delivery};
use hongbao_wire::sign::{self, Rule};
use hongbao_wire::xml::Document;
use hongbao_wire::{ErrorCode, FailureReply, QueryRequest, SendRequest, Status, query, send};

/// What the server answers to these bytes.
pub(crate) async fn answer(world: &World, call: Call, body: &[u8]) -> Answer {
    let merchant = &world.merchant;
    let Ok(document) = Document::parse(body) else { return refuse(ErrorCode::XmlError) };
    if document.get("mch_id") != Some(merchant.mch_id.as_str()) {
        return refuse(ErrorCode::CaError);
    }
    let signed =
        |fields: &[&str]| sign::verify(&document, &merchant.api_key, Rule::Known(fields)).is_ok();
    match call {
        Call::Query => match QueryRequest::read(&document) {
            Err(_) => refuse(ErrorCode::ParamError),
            Ok(_) if !signed(&query::REQUEST_FIELDS) => refuse(ErrorCode::SignError),
            Ok(request) => {
                let answer = world.issuer.query(merchant, &request).await;
                note_riddle(world, request.mch_billno, &answer.body);
                answer
            }
        },
        Call::Send => match SendRequest::read(&document) {
            Err(_) => refuse(ErrorCode::ParamError),
            Ok(_) if !signed(&send::REQUEST_FIELDS) => refuse(ErrorCode::SignError),
            Ok(_) if sign::verify_workwx(&document, &merchant.workwx_secret).is_err() => {
                refuse(ErrorCode::SignError)
            }
            Ok(request) => {
                let answer = world.issuer.send(merchant, &request, body).await;
                paid_once(world, &request.remark);
                answer
            }
        },
    }
}

fn refuse(code: ErrorCode) -> Answer {
    let body = FailureReply::business(code.clone(), "refused").write(None).into();
    Answer { body, delivery: Delivery::Plain, err_code: Some(code) }
}

/// Remembers that the payer signed a status which no page names: after a final one it is a
/// contradiction, whose fault is the payer's.
fn note_riddle(world: &World, mch_billno: &str, body: &[u8]) {
    let Ok(document) = Document::parse(body) else { return };
    let is_riddle = |status| matches!(Status::from_wire(status), Status::Unknown(_));
    if document.get("status").is_some_and(is_riddle) {
        world.judge().riddles.insert(mch_billno.into());
    }
}

/// Money under way or received under two numbers of one reference is what must never be.
pub(crate) fn paid_once(world: &World, business_ref: &str) {
    let numbers = world.judge().numbers_of(business_ref);
    let truths = numbers.iter().map(|number| (number, world.truth(number)));
    let paid: Vec<(&Box<str>, Truth)> = truths.filter(|(_, truth)| truth.pays()).collect();
    if paid.len() > 1 {
        world.blame(Check::PaidOnce, format!("`{business_ref}` is paid by {paid:?}"));
    }
}
