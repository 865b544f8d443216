//! A request that is read can be written, and reads back as the same.
#![no_main]

use hongbao_wire::sign::{self, Rule};
use hongbao_wire::xml::Document;
use hongbao_wire::{ApiKey, QueryRequest, SendRequest, WorkwxSecret, query, send};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(document) = Document::parse(body) else { return };
    let key = ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d");
    let secret = WorkwxSecret::new(*b"synthetic-workwx-secret-0123456789");
    if let Ok(request) = QueryRequest::read(&document) {
        let written = request.write(&key);
        let again = Document::parse(&written).expect("what is written is read");
        assert_eq!(QueryRequest::read(&again).expect("all fields are there"), request);
        let known = Rule::Known(&query::REQUEST_FIELDS);
        assert!(sign::verify(&again, &key, known).is_ok());
    }
    if let Ok(request) = SendRequest::read(&document) {
        let written = request.write(&key, &secret);
        let again = Document::parse(&written).expect("what is written is read");
        assert_eq!(SendRequest::read(&again).expect("all fields are there"), request);
        assert!(sign::verify(&again, &key, Rule::Known(&send::REQUEST_FIELDS)).is_ok());
        assert!(sign::verify_workwx(&again, &secret).is_ok());
    }
});
