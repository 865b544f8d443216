//! Out: one flat document.

/// Writes one flat document as WeChat does: CDATA, one line a field.
///
/// Names are the page's; values hold what XML 1.0 can carry
/// ([`has_forbidden`](super::has_forbidden)): others would not be read back.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Begins with `<xml>`.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(2048);
        bytes.extend_from_slice(b"<xml>\n");
        Self { bytes }
    }

    /// Writes `<name><![CDATA[value]]></name>`. `]]>` in the value is split over
    /// two sections; `\r`, which readers take for `\n`, stands between two as `&#13;`.
    pub fn field(&mut self, name: &str, value: &str) {
        self.put("<");
        self.put(name);
        self.put("><![CDATA[");
        if may_need_splitting(value) {
            self.split(value);
        } else {
            self.put(value);
        }
        self.put("]]></");
        self.put(name);
        self.put(">\n");
    }

    /// A value within CDATA, leaving and entering it where the value demands.
    fn split(&mut self, value: &str) {
        let mut written = 0;
        for (at, byte) in value.bytes().enumerate() {
            if byte == b'\r' {
                self.put(&value[written..at]);
                self.put("]]>&#13;<![CDATA[");
                written = at + 1;
            } else if byte == b']' && value[at..].starts_with("]]>") {
                self.put(&value[written..at + 2]);
                self.put("]]><![CDATA[");
                written = at + 2;
            }
        }
        self.put(&value[written..]);
    }

    /// Writes the field where there is a value.
    pub fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            self.field(name, value);
        }
    }

    /// Ends with `</xml>`.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.put("</xml>");
        self.bytes
    }

    fn put(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// One pass with hardly a branch, eight bytes at a time, tells most values, which
/// need no second look.
fn may_need_splitting(value: &str) -> bool {
    let found = |bytes: &[u8]| bytes.iter().fold(false, |any, b| any | matches!(b, b']' | b'\r'));
    let (chunks, rest) = value.as_bytes().as_chunks::<8>();
    chunks.iter().fold(false, |any, chunk| any | found(chunk)) | found(rest)
}
