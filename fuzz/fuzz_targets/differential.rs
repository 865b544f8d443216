//! What the reader accepts, a second reader accepts with the same values; what the
//! second refuses is refused.
#![no_main]

use hongbao_wire::xml::{Document, Field};
use libfuzzer_sys::fuzz_target;
use roxmltree::Node;

fuzz_target!(|body: &str| {
    // The other reader reads namespaces, which the protocol does not have (`protocol.md`
    // §0): another letter in place of the colon leaves them out.
    let text = body.replace(':', "\u{2D0}");
    let Ok(document) = Document::parse(text.as_bytes()) else { return };
    let other = match roxmltree::Document::parse(&text) {
        Ok(other) => other,
        Err(error) => panic!("accepted, and refused by the other reader: {error}"),
    };
    let root = other.root_element();
    assert_eq!(root.tag_name().name(), "xml");
    let elements: Vec<_> = root.children().filter(Node::is_element).collect();
    assert_eq!(elements.len(), document.fields().len());
    for (field, element) in document.fields().iter().zip(elements) {
        compare(field, &element, &text);
    }
});

fn compare(field: &Field<'_>, element: &Node<'_, '_>, source: &str) {
    assert_eq!(field.name(), element.tag_name().name());
    let nested = element.children().any(|child| child.is_element());
    let Some(value) = field.value() else {
        assert!(nested, "skipped, and flat");
        return;
    };
    assert!(!nested, "flat, and nested");
    let theirs: String =
        element.children().filter(Node::is_text).filter_map(|text| text.text()).collect();
    if source[element.range()].contains("<![CDATA[") {
        // White space around sections is dropped here, and kept by the other reader.
        assert_eq!(without_blanks(value), without_blanks(&theirs));
    } else {
        assert_eq!(value, theirs);
    }
}

fn without_blanks(text: &str) -> String {
    text.replace([' ', '\t', '\r', '\n'], "")
}
