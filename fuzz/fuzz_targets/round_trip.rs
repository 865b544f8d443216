//! What a reply says survives being written, signed and read again.
#![no_main]

use hongbao_wire::query::{QueryReply, Reply};
use hongbao_wire::sign::Policy;
use hongbao_wire::xml::{Document, Writer, has_forbidden};
use hongbao_wire::{ApiKey, SendReply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(value) = std::str::from_utf8(body)
        && !has_forbidden(value)
        && body.len() < 8192
    {
        let mut writer = Writer::new();
        writer.field("remark", value);
        let written = writer.finish();
        let document = Document::parse(&written).expect("what is written is read");
        assert_eq!(document.get("remark").unwrap_or_default(), value);
    }
    let Ok(document) = Document::parse(body) else { return };
    let key = ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d");
    if let Ok(reply) = QueryReply::read_fields(&document) {
        let written = reply.write(Some(&key));
        // The envelope adds fields and CDATA adds bytes: only then may it be refused.
        if let Ok(again) = Document::parse(&written) {
            let read = QueryReply::read(&again, &key, Policy::Require).expect("it is signed");
            let Reply::Success(read) = read else { panic!("a success was written") };
            assert_eq!(read.get().fields(), reply.fields());
        } else {
            assert!(document.fields().len() > 60 || written.len() > 65_536);
        }
    }
    if let Ok(reply) = SendReply::read_fields(&document) {
        let written = reply.write(Some(&key));
        if let Ok(again) = Document::parse(&written) {
            let read = SendReply::read(&again, &key, Policy::Require).expect("it is signed");
            let Reply::Success(read) = read else { panic!("a success was written") };
            assert_eq!(read.get().fields(), reply.fields());
        }
    }
});
