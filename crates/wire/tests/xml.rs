//! What is read, what is refused and by which name, what is written.
#![allow(clippy::unwrap_used, missing_docs)]

use hongbao_wire::xml::{
    ATTRIBUTES_MAX, BODY_BYTES_MAX, DEPTH_MAX, Document, FIELDS_MAX, Writer, XmlError,
    has_forbidden, strip_control_characters,
};
use std::fmt::Write;
use std::time::Instant;

fn refusal(body: &str) -> XmlError {
    Document::parse(body.as_bytes()).unwrap_err()
}

/// The value of `a` in a body.
fn value(body: &str) -> Option<String> {
    let document = Document::parse(body.as_bytes()).unwrap();
    let field = document.fields().iter().find(|f| f.name() == "a").unwrap();
    field.value().map(str::to_owned)
}

fn a(content: &str) -> String {
    value(&format!("<xml><a>{content}</a></xml>")).unwrap()
}

#[test]
fn values_bare_or_in_cdata() {
    assert_eq!(a("1"), "1");
    assert_eq!(a("<![CDATA[1]]>"), "1");
    assert_eq!(a("<![CDATA[<&>]]>"), "<&>");
    assert_eq!(a("<![CDATA[]]]]><![CDATA[>]]>"), "]]>");
    assert_eq!(a("x<![CDATA[y]]>z"), "xyz");
    assert_eq!(a("x<!-- y -->z"), "xz");
    assert_eq!(a("红包🧧"), "红包🧧");
    assert_eq!(a(""), "");
    assert_eq!(a("<![CDATA[]]>"), "");
    assert_eq!(a("]] >"), "]] >");
    assert_eq!(value("<xml><a/></xml>"), Some(String::new()));
}

#[test]
fn nothing_is_trimmed_but_white_space_around_cdata() {
    assert_eq!(a(" 1 "), " 1 ");
    assert_eq!(a("\n\t<![CDATA[ 1 ]]> \n"), " 1 ");
    assert_eq!(a("\n<![CDATA[1]]>\n<![CDATA[2]]>\n"), "12");
    assert_eq!(a(" <![CDATA[1]]>x "), " 1x ");
    assert_eq!(a("&#32;<![CDATA[1]]>"), " 1");
    assert_eq!(a(" "), " ");
}

#[test]
fn line_ends_are_read_as_xml_reads_them() {
    assert_eq!(a("1\r\n2\r3\n"), "1\n2\n3\n");
    assert_eq!(a("<![CDATA[1\r\n2\r3]]>"), "1\n2\n3");
    assert_eq!(a("1&#13;2"), "1\r2");
}

#[test]
fn entities_the_five_and_the_numeric_ones() {
    assert_eq!(a("&lt;&gt;&amp;&apos;&quot;"), "<>&'\"");
    assert_eq!(a("&#65;&#x41;"), "AA");
    assert_eq!(a("&#x1F9E7;"), "🧧");
    assert_eq!(a("&amp;lt;"), "&lt;");
    for unknown in ["&nbsp;", "&LT;", "&a.b;", "&红;"] {
        assert_eq!(refusal(&format!("<xml><a>{unknown}</a></xml>")), XmlError::UnknownEntity);
        assert_eq!(refusal(&format!("<xml a='{unknown}'/>")), XmlError::UnknownEntity);
    }
    for bad in ["&", "&;", "& ", "&lt", "&#;", "&#x;", "&#xG;", "&#12a;", "&#X41;", "&#-1;", "&1;"]
    {
        let body = format!("<xml><a>{bad}</a></xml>");
        assert_eq!(refusal(&body), XmlError::Malformed("a reference"), "{bad}");
    }
    for forbidden in ["&#0;", "&#1;", "&#xFFFE;", "&#xD800;", "&#x110000;", "&#99999999999;"] {
        let body = format!("<xml><a>{forbidden}</a></xml>");
        assert_eq!(refusal(&body), XmlError::ControlCharacter, "{forbidden}");
    }
}

#[test]
fn blanks_within_tags_are_legal() {
    assert_eq!(value("<xml ><a >1</a\n></xml\t>"), Some("1".into()));
    assert_eq!(value("<xml><a /></xml>"), Some(String::new()));
    for bad in ["< xml/>", "<xml><a>1</ a></xml>", "<xml/ >", "<xml><a>1< /a></xml>"] {
        assert!(matches!(refusal(bad), XmlError::Malformed(_)), "{bad}");
    }
}

#[test]
fn around_the_root() {
    assert_eq!(value("\u{FEFF}<xml><a>1</a></xml>"), Some("1".into()));
    assert_eq!(value(" \n<!-- - -->\t<xml><a>1</a></xml> <!----> \n"), Some("1".into()));
    assert_eq!(Document::parse(b"<xml/>").unwrap().fields(), []);
    assert_eq!(Document::parse(b"<xml></xml>").unwrap().fields(), []);
    assert_eq!(refusal(""), XmlError::Empty);
    assert_eq!(refusal("  \n"), XmlError::Empty);
    assert_eq!(refusal("\u{FEFF}"), XmlError::Empty);
    assert_eq!(refusal("<?xml version='1.0'?><!-- -->"), XmlError::Empty);
    assert_eq!(refusal("xml"), XmlError::Malformed("no root element"));
    assert_eq!(refusal("<root/>"), XmlError::OtherRoot);
    assert_eq!(refusal("<XML></XML>"), XmlError::OtherRoot);
    for trailing in ["<xml/>x", "<xml/><xml/>", "<xml></xml>&#32;", "<xml/>\u{FEFF}"] {
        assert_eq!(refusal(trailing), XmlError::TrailingData, "{trailing}");
    }
    assert_eq!(refusal("<xml/><![CDATA[]]>"), XmlError::MixedContent);
    assert!(matches!(refusal("\u{FEFF}\u{FEFF}<xml/>"), XmlError::Malformed(_)));
}

#[test]
fn the_declaration() {
    for good in [
        "<?xml version=\"1.0\"?><xml/>",
        "<?xml version = '1.0' encoding='utf-8' standalone='no' ?>\n<xml/>",
        "<?xml version='1.0' encoding=\"UTF8\"?><xml/>",
        "<?xml version='1.0' standalone='yes'?><xml/>",
    ] {
        assert!(Document::parse(good.as_bytes()).is_ok(), "{good}");
    }
    for (bad, error) in [
        ("<?xml version='1.1'?><xml/>", XmlError::OtherVersion),
        ("<?xml version='1.0' encoding='GBK'?><xml/>", XmlError::NotUtf8),
        ("<?xml version='1.0' encoding=''?><xml/>", XmlError::NotUtf8),
        ("<?xml encoding='utf-8'?><xml/>", XmlError::Malformed("the declaration")),
        ("<?xml ?><xml/>", XmlError::Malformed("the declaration")),
        (
            "<?xml version='1.0' standalone='no' encoding='utf-8'?><xml/>",
            XmlError::Malformed("the declaration"),
        ),
        ("<?xml version='1.0' standalone='maybe'?><xml/>", XmlError::Malformed("the declaration")),
        ("<?xml version='1.0'encoding='utf-8'?><xml/>", XmlError::Malformed("the declaration")),
        ("<?xml version='1.0'><xml/>", XmlError::Malformed("the declaration")),
        (" <?xml version='1.0'?><xml/>", XmlError::ProcessingInstruction),
        ("<?xml?><xml/>", XmlError::ProcessingInstruction),
        ("<?xml-stylesheet href='x'?><xml/>", XmlError::ProcessingInstruction),
        ("<xml><?php x?></xml>", XmlError::ProcessingInstruction),
        ("<xml><a><?php x?></a></xml>", XmlError::ProcessingInstruction),
        ("<xml/><?php x?>", XmlError::ProcessingInstruction),
    ] {
        assert_eq!(refusal(bad), error, "{bad}");
    }
}

#[test]
fn a_doctype_is_never_read() {
    for body in [
        "<!DOCTYPE xml><xml/>",
        "<?xml version='1.0'?>\n<!DOCTYPE xml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><xml/>",
        "<!-- --><!DOCTYPE",
        "<xml><!DOCTYPE xml></xml>",
        "<xml><a><!DOCTYPE xml></a></xml>",
        "<xml/><!DOCTYPE xml>",
    ] {
        assert_eq!(refusal(body), XmlError::Doctype, "{body}");
    }
}

#[test]
fn a_field_stands_once() {
    let twice = XmlError::DuplicateField("a".into());
    assert_eq!(refusal("<xml><a>1</a><b>2</b><a>1</a></xml>"), twice);
    assert_eq!(refusal("<xml><a/><a/></xml>"), twice);
    assert_eq!(refusal("<xml><a><b/></a><a>1</a></xml>"), twice);
}

#[test]
fn a_nested_element_is_skipped_unless_the_page_names_it() {
    let hblist = "<xml><a><b><c>1</c>x</b> <b/></a><z>1</z></xml>";
    assert_eq!(value(hblist), None);
    assert_eq!(Document::parse(hblist.as_bytes()).unwrap().get("z"), Some("1"));
    assert_eq!(Document::parse(hblist.as_bytes()).unwrap().get("a"), None);
    for known in ["sign", "status", "appid", "wxappid", "send_listid", "workwx_sign", "nonce_str"] {
        let body = format!("<xml><{known}><b/></{known}></xml>");
        assert_eq!(refusal(&body), XmlError::MixedContent, "{known}");
    }
}

#[test]
fn text_and_elements_do_not_mix() {
    for body in [
        "<xml>x</xml>",
        "<xml><a/>x</xml>",
        "<xml>&#32;</xml>",
        "<xml><![CDATA[]]></xml>",
        "<xml><a>x<b/></a></xml>",
        "<xml><a><b/>x</a></xml>",
        "<xml><a><b/><![CDATA[]]></a></xml>",
    ] {
        assert_eq!(refusal(body), XmlError::MixedContent, "{body}");
    }
}

#[test]
fn tags_match_and_names_are_names() {
    for (body, what) in [
        ("<xml><a>1</b></xml>", "an end tag does not match"),
        ("<xml><a>1</aa></xml>", "an end tag does not match"),
        ("<xml><aa>1</a></xml>", "an end tag does not match"),
        ("<xml><a>1</A></xml>", "an end tag does not match"),
        ("<xml></a></xml>", "an end tag does not match"),
        ("<xml><a>1</a x='1'></xml>", "an end tag does not match"),
        ("<xml>", "it ends within an element"),
        ("<xml><a>", "it ends within an element"),
        ("<xml><a>1", "it ends within an element"),
        ("<xml><a>1</a>", "it ends within an element"),
        ("<xml><a><b>", "it ends within an element"),
        ("<", "a name is expected"),
        ("<xml><1/></xml>", "a name is expected"),
        ("<xml><-a/></xml>", "a name is expected"),
        ("<xml><·a/></xml>", "a name is expected"),
        ("<xml><a×/></xml>", "a start tag"),
        ("<xml", "a start tag"),
        ("<xml><a\"/></xml>", "a start tag"),
        ("<xml><a>]]></a></xml>", "`]]>` in text"),
        ("<xml>]]></xml>", "`]]>` in text"),
        ("<xml><a><![CDATA[x</a></xml>", "a CDATA does not end"),
        ("<xml><a><![cdata[x]]></a></xml>", "`<!` begins nothing known"),
        ("<xml><a><!ELEMENT></a></xml>", "`<!` begins nothing known"),
        ("<xml><!-- x", "a comment does not end"),
        ("<xml><!-- x -- y --></xml>", "`--` in a comment"),
        ("<xml><!-- x ---></xml>", "`--` in a comment"),
    ] {
        assert_eq!(refusal(body), XmlError::Malformed(what), "{body}");
    }
    for name in ["_", ":", "a:b", "红包", "a-b.c·9", "Ω", "a\u{300}", "x\u{203F}", "\u{10000}"]
    {
        let body = format!("<xml><{name}>1</{name}></xml>");
        let document = Document::parse(body.as_bytes()).unwrap();
        assert_eq!(document.get(name), Some("1"), "{name}");
    }
}

#[test]
fn attributes_are_checked_and_ignored() {
    for good in [
        "<xml b='1' c=\"2\"><a d = '&lt;&#65;>'>1</a></xml>",
        "<xml xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><a xsi:nil='\"'>1</a></xml>",
        "<xml><a b='\n'\n>1</a></xml>",
    ] {
        assert_eq!(value(good), Some("1".into()), "{good}");
    }
    for (bad, what) in [
        ("<xml b/>", "an attribute has no `=`"),
        ("<xml b=1/>", "an attribute's value is not quoted"),
        ("<xml b='1\"/>", "an attribute's value does not end"),
        ("<xml b='<'/>", "`<` in an attribute"),
        ("<xml b='&'/>", "a reference"),
        ("<xml b='&lt'/>", "a reference"),
        ("<xml b='1'b='2'/>", "a start tag"),
        ("<xml b='1' b='2'/>", "an attribute stands twice"),
        ("<xml b='1' ='2'/>", "a name is expected"),
    ] {
        assert_eq!(refusal(bad), XmlError::Malformed(what), "{bad}");
    }
    assert_eq!(refusal("<xml b='&#1;'/>"), XmlError::ControlCharacter);
    assert_eq!(refusal("<xml b='x&lt;yz&nbsp;'/>"), XmlError::UnknownEntity);
}

#[test]
fn limits_hold_to_the_one() {
    let fields = |count| {
        let mut body = "<xml>".to_owned();
        (0..count).for_each(|n| write!(body, "<f{n}>1</f{n}>").unwrap());
        body + "</xml>"
    };
    assert_eq!(Document::parse(fields(FIELDS_MAX).as_bytes()).unwrap().fields().len(), 64);
    assert_eq!(refusal(&fields(FIELDS_MAX + 1)), XmlError::TooManyFields);

    let attributes = |count| {
        let each = (0..count).map(|n| format!(" b{n}=''"));
        format!("<xml{}/>", each.collect::<String>())
    };
    assert!(Document::parse(attributes(ATTRIBUTES_MAX).as_bytes()).is_ok());
    assert_eq!(refusal(&attributes(ATTRIBUTES_MAX + 1)), XmlError::TooManyAttributes);

    let nested = |deep: usize| {
        let inner = deep - 1;
        format!("<xml>{}{}</xml>", "<a>".repeat(inner), "</a>".repeat(inner))
    };
    assert!(Document::parse(nested(DEPTH_MAX).as_bytes()).is_ok());
    assert_eq!(refusal(&nested(DEPTH_MAX + 1)), XmlError::TooDeep);

    let long = |bytes: usize| format!("<xml><a>{}</a></xml>", "x".repeat(bytes - 18));
    assert!(Document::parse(long(BODY_BYTES_MAX).as_bytes()).is_ok());
    assert_eq!(refusal(&long(BODY_BYTES_MAX + 1)), XmlError::TooLong);
}

#[test]
fn only_utf_8_and_only_characters_of_xml() {
    let of = |body: &[u8]| Document::parse(body).unwrap_err();
    assert_eq!(of(b"<xml><a>\xBA\xEC\xB0\xFC</a></xml>"), XmlError::NotUtf8);
    assert_eq!(of(b"\xFF\xFE<\0x\0m\0l\0/\0>\0"), XmlError::NotUtf8);
    assert_eq!(of(b"\xFE\xFF\0<\0x\0m\0l\0/\0>"), XmlError::NotUtf8);
    assert_eq!(of(b"<xml><a>\xED\xA0\x80</a></xml>"), XmlError::NotUtf8);
    assert_eq!(of(b"<xml>\xC0\xBC/xml>"), XmlError::NotUtf8);
    for forbidden in ["\0", "\x01", "\x08", "\x0B", "\x0C", "\x0E", "\x1F", "\u{FFFE}", "\u{FFFF}"]
    {
        let body = format!("<xml><a>{forbidden}</a></xml>");
        assert_eq!(refusal(&body), XmlError::ControlCharacter);
        assert!(has_forbidden(forbidden));
        let stripped = strip_control_characters(body.as_bytes()).unwrap();
        assert_eq!(stripped, b"<xml><a></a></xml>");
    }
    for permitted in ["\t", "\n", "\r", " ", "\x7F", "\u{85}", "\u{FFFD}", "\u{1FFFE}"] {
        assert!(!has_forbidden(permitted));
        assert_eq!(strip_control_characters(permitted.as_bytes()), None);
    }
    assert_eq!(strip_control_characters(b"\x01\xFF"), None);
}

#[test]
fn written_values_read_back_as_they_are() {
    for text in
        ["1", "]]>", "]]", "]", ">", "]]>]]>", "]]]>", "a\rb", "\r\n", "\r", " x ", "<&>'\"", "🧧"]
    {
        let mut writer = Writer::new();
        writer.field("a", text);
        let body = writer.finish();
        assert_eq!(Document::parse(&body).unwrap().get("a"), Some(text), "{text:?}");
    }
    let mut writer = Writer::default();
    writer.field("a", "x]]>y");
    writer.optional("b", None);
    writer.optional("b", Some(""));
    writer.optional("c", Some("1"));
    let expected = "<xml>\n<a><![CDATA[x]]]]><![CDATA[>y]]></a>\n<c><![CDATA[1]]></c>\n</xml>";
    assert_eq!(String::from_utf8(writer.finish()).unwrap(), expected);
}

#[test]
fn pairs_leave_out_what_is_empty_or_nested() {
    let body = b"<xml><sign>S</sign><b>2</b><c></c><d><e/></d><a>1</a></xml>";
    let document = Document::parse(body).unwrap();
    assert_eq!(document.pairs().collect::<Vec<_>>(), [("sign", "S"), ("b", "2"), ("a", "1")]);
    assert_eq!(document.signed_pairs().collect::<Vec<_>>(), [("b", "2"), ("a", "1")]);
    assert_eq!(document.get("c"), None);
    assert_eq!(document.get("none"), None);
}

#[test]
fn errors_speak() {
    let texts = [
        (XmlError::Empty, "the body is empty"),
        (XmlError::TooLong, "the body is longer than 64 KiB"),
        (XmlError::TooManyFields, "the body has more than 64 fields"),
        (XmlError::TooManyAttributes, "an element has more than 16 attributes"),
        (XmlError::TooDeep, "elements are nested more than 16 deep"),
        (XmlError::OtherVersion, "the body is not XML 1.0"),
        (XmlError::OtherRoot, "the root element is not `xml`"),
        (XmlError::NotUtf8, "the body is not UTF-8"),
        (XmlError::Doctype, "the body has a DOCTYPE, which is never read"),
        (XmlError::ProcessingInstruction, "the body has a processing instruction"),
        (XmlError::DuplicateField("a".into()), "the field `a` stands twice"),
        (XmlError::UnknownEntity, "the body uses an entity that XML does not predefine"),
        (XmlError::ControlCharacter, "the body has a character that XML forbids"),
        (XmlError::MixedContent, "text and elements are mixed"),
        (XmlError::TrailingData, "something follows the root element"),
        (XmlError::Malformed("x"), "the body is not well-formed XML: x"),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

/// Bodies at the cap that are built to be slow (`goals.md` R3): each is refused by
/// name or read, and none takes more than a generous multiple of its length.
#[test]
fn hostile_bodies_are_cheap() {
    let full = |piece: &str| piece.repeat(BODY_BYTES_MAX / piece.len());
    let within = |head: &str, piece: &str| {
        format!("{head}{}", piece.repeat((BODY_BYTES_MAX - head.len()) / piece.len()))
    };
    let attributes: String = (0..5000).map(|n| format!(" b{n}=''")).collect();
    for (body, error) in [
        (full("<a>"), XmlError::TooDeep),
        (within("<xml>", "<a>"), XmlError::TooDeep),
        (within("<xml>", "<a/>"), XmlError::DuplicateField("a".into())),
        (format!("<xml{attributes}/>"), XmlError::TooManyAttributes),
        (within("<xml><a>", "&amp;"), XmlError::Malformed("it ends within an element")),
        (within("<xml><a>", "&"), XmlError::Malformed("a reference")),
        (within("<xml><a>", "\r"), XmlError::Malformed("it ends within an element")),
        (within("<xml><a>", "]]"), XmlError::Malformed("it ends within an element")),
        (within("<xml><a><![CDATA[", "]]"), XmlError::Malformed("a CDATA does not end")),
        (within("<xml><a>", "<![CDATA[]]>"), XmlError::Malformed("it ends within an element")),
        (within("<xml><a>", "<!---->"), XmlError::Malformed("it ends within an element")),
        (within("<xml>", "<!-- "), XmlError::Malformed("`--` in a comment")),
        (within("<xml><a>&#", "9"), XmlError::Malformed("a reference")),
        (within("<", "x"), XmlError::Malformed("a start tag")),
        (within("<xml", " "), XmlError::Malformed("a name is expected")),
        (full(" "), XmlError::Empty),
        (full("\0"), XmlError::ControlCharacter),
        ("<!DOCTYPE a [<!ENTITY a '&a;&a;'>]><xml>&a;</xml>".into(), XmlError::Doctype),
    ] {
        let start = Instant::now();
        assert_eq!(refusal(&body), error);
        assert!(start.elapsed().as_millis() < 500, "{error:?} took {:?}", start.elapsed());
    }
    let huge = vec![b'<'; 10 * 1024 * 1024];
    assert_eq!(Document::parse(&huge).unwrap_err(), XmlError::TooLong);
}
