//! The society's accent, moved as far as it takes to be readable on light and dark grounds.
//!
//! Contrast as WCAG 2.2 defines it; 4.5 is what text needs (1.4.3).

/// The ground of the dark scheme in `public.css`, with its raised surface the lighter of the two.
const DARK_GROUND: [u8; 3] = [0x1c, 0x24, 0x29];
/// The darkest ground of the light scheme that accented text stands on.
const LIGHT_GROUND: [u8; 3] = [0xf1, 0xf4, 0xf5];
const LIGHT_CONTRAST: f64 = 4.6;
/// Thin light text on dark looks dimmer than its contrast says.
const DARK_CONTRAST: f64 = 6.5;
const FALLBACK: [u8; 3] = [0x0b, 0x5a, 0x78];

/// The accent for the light and for the dark scheme, each `#rrggbb`.
pub(super) fn readable_accents(accent: &str) -> (String, String) {
    let accent = parse(accent).unwrap_or(FALLBACK);
    let light = move_until(accent, LIGHT_GROUND, LIGHT_CONTRAST, 0);
    let dark = move_until(accent, DARK_GROUND, DARK_CONTRAST, 255);
    (to_hex(light), to_hex(dark))
}

fn move_until(colour: [u8; 3], ground: [u8; 3], wanted: f64, towards: u8) -> [u8; 3] {
    (0..=100)
        .map(|percent| colour.map(|channel| mix(channel, towards, percent)))
        .find(|mixed| contrast(*mixed, ground) >= wanted)
        .unwrap_or([towards; 3])
}

fn mix(from: u8, to: u8, percent: i32) -> u8 {
    let mixed = i32::from(from) + (i32::from(to) - i32::from(from)) * percent / 100;
    mixed.clamp(0, 255) as u8
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn parse(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

fn to_hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_accent_becomes_readable_on_both_grounds() {
        for accent in
            ["#ffffff", "#000000", "#ffee00", "#0b5a78", "#ff0000", "#7f7f7f", "red; } body {", "#12345é"]
        {
            let (light, dark) = readable_accents(accent);
            assert!(contrast(parse(&light).unwrap(), LIGHT_GROUND) >= 4.5, "{accent} {light}");
            assert!(contrast(parse(&dark).unwrap(), DARK_GROUND) >= 4.5, "{accent} {dark}");
        }
        assert_eq!(readable_accents("#0b5a78").0, "#0b5a78");
    }
}
