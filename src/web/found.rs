//! Words that a search found, marked for a page.

/// Escapes the text first, then turns the store's control characters (U+0002 before what was found, U+0003 after it)
/// into `open` and `</mark>`, balanced whatever they are.
pub(super) fn mark_matches(text: &str, open: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    let mut is_open = false;
    for piece in text.split_inclusive(['\u{2}', '\u{3}']) {
        html.push_str(&html_escape::encode_text(piece.trim_end_matches(['\u{2}', '\u{3}'])));
        if piece.ends_with('\u{2}') && !is_open {
            html.push_str(open);
            is_open = true;
        } else if piece.ends_with('\u{3}') && is_open {
            html.push_str("</mark>");
            is_open = false;
        }
    }
    if is_open {
        html.push_str("</mark>");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_marked_after_everything_is_escaped() {
        let marked = |text: &str| mark_matches(text, "<mark>");
        assert_eq!(marked("a <b> \u{2}ECMO\u{3} &"), "a &lt;b&gt; <mark>ECMO</mark> &amp;");
        assert_eq!(marked("\u{3}x \u{2}\u{2}y"), "x <mark>y</mark>");
    }

    #[test]
    fn marks_are_balanced_and_nothing_else_is_markup() {
        let marked = |text: &str| mark_matches(text, "<mark>");
        assert_eq!(marked("a \u{2}<b>\u{3} & c"), "a <mark>&lt;b&gt;</mark> &amp; c");
        assert_eq!(marked("\u{3}x\u{2}y"), "x<mark>y</mark>");
        assert_eq!(marked("\u{2}\u{2}x\u{3}\u{3}"), "<mark>x</mark>");
    }
}
