//! Times as files have them.

use hongbao_wire::WireTime;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Other civil times, with and without seconds; `/` counts as `-`.
const FORMS: [&str; 2] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];

/// Reads a time: as the wire writes it, RFC 3339, or as spreadsheets show it. Without an offset it
/// is at +08:00. A day alone is no time.
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(instant) = WireTime::from_wire(text).instant() {
        return Some(instant);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Timestamp::from_millisecond(instant.as_millisecond()).ok();
    }
    let civil = text.replace('/', "-");
    let civil = FORMS.iter().find_map(|form| DateTime::strptime(form, &civil).ok())?;
    Offset::constant(8).to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::read;
    use hongbao_wire::time::rfc3339;

    #[test]
    fn times_are_those_of_beijing_unless_they_say_otherwise() {
        let second = Some("2026-07-20T22:45:12+08:00".to_owned());
        for text in [
            "2026-07-20 22:45:12",
            "20260720224512",
            "2026-07-20T22:45:12+08:00",
            "2026-07-20T14:45:12Z",
            "2026/07/20 22:45:12",
            "2026/7/20 22:45:12",
            " 2026-7-20 22:45:12 ",
        ] {
            assert_eq!(read(text).map(rfc3339), second, "{text}");
        }
        let minute = Some("2026-07-20T22:45:00+08:00".to_owned());
        assert_eq!(read("2026/7/20 22:45").map(rfc3339), minute);
        for bad in ["", "2026-07-20", "昨天", "20.07.2026 22:45", "2026-13-01 00:00:00", "46223.9"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
