//! What is left of LaTeX in a field after the parser has resolved accents and braces → text with the four marks.
//!
//! Known are the commands that titles and abstracts of medicine hold: emphasis, raised and lowered letters, signs and
//! Greek letters. Invariant: nothing vanishes. A command that is not known here stays as it was written, so that an
//! editor sees it.

use biblatex::{Chunk, Spanned};

use crate::domain::text::{Mark, RichText, RichTextBuilder};

/// Commands that stand for one sign, in text and in formulas.
const SIGNS: &[(&str, &str)] = &[
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("varepsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "µ"),
    ("nu", "ν"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("phi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Sigma", "Σ"),
    ("Phi", "Φ"),
    ("Omega", "Ω"),
    ("textmu", "µ"),
    ("micro", "µ"),
    ("pm", "±"),
    ("textpm", "±"),
    ("mp", "∓"),
    ("times", "×"),
    ("texttimes", "×"),
    ("cdot", "·"),
    ("div", "÷"),
    ("le", "≤"),
    ("leq", "≤"),
    ("leqslant", "≤"),
    ("ge", "≥"),
    ("geq", "≥"),
    ("geqslant", "≥"),
    ("lt", "<"),
    ("gt", ">"),
    ("ll", "≪"),
    ("gg", "≫"),
    ("neq", "≠"),
    ("ne", "≠"),
    ("approx", "≈"),
    ("sim", "∼"),
    ("simeq", "≃"),
    ("infty", "∞"),
    ("to", "→"),
    ("rightarrow", "→"),
    ("leftarrow", "←"),
    ("uparrow", "↑"),
    ("downarrow", "↓"),
    ("degree", "°"),
    ("textdegree", "°"),
    ("circ", "°"),
    ("prime", "′"),
    ("percent", "%"),
    ("textperthousand", "‰"),
    ("ldots", "…"),
    ("dots", "…"),
    ("quad", " "),
    ("qquad", " "),
    ("space", " "),
    (",", " "),
    (";", " "),
    (":", " "),
    (" ", " "),
    ("!", ""),
    ("/", ""),
    ("%", "%"),
    ("&", "&"),
    ("_", "_"),
    ("#", "#"),
    ("$", "$"),
    ("{", "{"),
    ("}", "}"),
];

/// Commands whose argument is shown as it is.
const PLAIN: &[&str] = &[
    "text",
    "textrm",
    "textsf",
    "texttt",
    "textsc",
    "textnormal",
    "textup",
    "mbox",
    "hbox",
    "mathrm",
    "mathsf",
    "mathnormal",
    "operatorname",
    "ensuremath",
    "rm",
    "mathbb",
    "mathcal",
    "uppercase",
    "lowercase",
    "url",
    "ce",
    "enquote",
    "relax",
    "protect",
    "left",
    "right",
    "normalfont",
    "textquotedblplain",
];

/// The chunks of a field as text; commands that are not known are added to `unknown`, by name.
pub(super) fn read_chunks(chunks: &[Spanned<Chunk>], unknown: &mut Vec<String>) -> RichText {
    let mut writer = Writer { out: RichTextBuilder::default(), unknown };
    for chunk in chunks {
        match &chunk.v {
            Chunk::Math(text) => writer.write(text, true, 0),
            Chunk::Normal(text) => writer.write(text, false, 0),
            // `{\it E. coli}` marks its whole group
            Chunk::Verbatim(text) => match switch(text) {
                Some((mark, rest)) => {
                    writer.out.open(mark);
                    writer.write(rest, false, 0);
                    writer.out.close(mark);
                }
                None => writer.write(text, false, 0),
            },
        }
    }
    writer.out.finish()
}

/// A group that begins with a command which holds to its end.
fn switch(text: &str) -> Option<(Mark, &str)> {
    const SWITCHES: [(&str, Mark); 7] = [
        ("\\em ", Mark::Italic),
        ("\\it ", Mark::Italic),
        ("\\itshape ", Mark::Italic),
        ("\\sl ", Mark::Italic),
        ("\\slshape ", Mark::Italic),
        ("\\bf ", Mark::Bold),
        ("\\bfseries ", Mark::Bold),
    ];
    SWITCHES.iter().find_map(|(command, mark)| Some((*mark, text.trim_start().strip_prefix(command)?)))
}

fn mark_of(command: &str) -> Option<Mark> {
    match command {
        "emph" | "textit" | "textsl" | "mathit" => Some(Mark::Italic),
        "textbf" | "mathbf" | "boldsymbol" => Some(Mark::Bold),
        "textsubscript" | "ped" => Some(Mark::Sub),
        "textsuperscript" | "ap" => Some(Mark::Sup),
        _ => None,
    }
}

struct Writer<'a> {
    out: RichTextBuilder,
    unknown: &'a mut Vec<String>,
}

impl Writer<'_> {
    /// `depth` is bounded by the braces of the entry, which its reader bounds.
    fn write(&mut self, text: &str, in_formula: bool, depth: usize) {
        let mut rest = text;
        while let Some(at) = rest.find(['\\', '~', '^', '_', '{', '}']) {
            self.out.text(&rest[..at]);
            let sign = rest.as_bytes()[at];
            rest = &rest[at + 1..];
            match sign {
                b'\\' => rest = self.command(rest, in_formula, depth),
                b'~' => self.out.text(" "),
                b'^' | b'_' if in_formula => {
                    let (argument, after) = argument(rest);
                    let mark = if sign == b'^' { Mark::Sup } else { Mark::Sub };
                    // 37^\circ is no raised sign but one that is high already
                    let is_degree = mark == Mark::Sup && matches!(argument, "\\circ" | "\\circ ");
                    self.marked((!is_degree).then_some(mark), argument, true, depth);
                    rest = after;
                }
                b'{' | b'}' if in_formula => {}
                other => self.out.text(char::from(other).encode_utf8(&mut [0; 4])),
            }
        }
        self.out.text(rest);
    }

    /// Writes a command whose backslash is read; what follows it.
    fn command<'t>(&mut self, text: &'t str, in_formula: bool, depth: usize) -> &'t str {
        let letters = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
        let length = if letters > 0 { letters } else { text.chars().next().map_or(0, char::len_utf8) };
        let (name, rest) = text.split_at(length);
        if let Some((_, sign)) = SIGNS.iter().find(|(known, _)| *known == name) {
            self.out.text(sign);
            // the space after a command only ends it
            let rest = if letters > 0 { rest.strip_prefix(' ').unwrap_or(rest) } else { rest };
            // "$\mu$g" leaves "\mu{}g" in some exports
            return rest.strip_prefix("{}").unwrap_or(rest);
        }
        if name == "frac" || name == "tfrac" || name == "dfrac" {
            let (above, rest) = argument(rest);
            let (below, rest) = argument(rest);
            self.write(above, true, depth + 1);
            self.out.text("/");
            self.write(below, true, depth + 1);
            return rest;
        }
        let mark = mark_of(name);
        if mark.is_some() || PLAIN.contains(&name) {
            let (argument, after) = match rest.starts_with('{') {
                true => argument(rest),
                false => ("", rest.strip_prefix(' ').unwrap_or(rest)),
            };
            self.marked(mark, argument, in_formula, depth);
            return after;
        }
        self.out.text("\\");
        self.out.text(name);
        if !name.is_empty() && self.unknown.len() < 8 && self.unknown.iter().all(|known| known != name) {
            self.unknown.push(name.to_owned());
        }
        rest
    }

    fn marked(&mut self, mark: Option<Mark>, text: &str, in_formula: bool, depth: usize) {
        if depth > crate::intake::clean::caps::NESTING {
            return self.out.text(text);
        }
        if let Some(mark) = mark {
            self.out.open(mark);
        }
        self.write(text, in_formula, depth + 1);
        if let Some(mark) = mark {
            self.out.close(mark);
        }
    }
}

/// The group, command or character that a text begins with, and the rest.
fn argument(text: &str) -> (&str, &str) {
    if !text.starts_with('{') {
        let length = match text.strip_prefix('\\') {
            Some(rest) => {
                1 + rest
                    .find(|c: char| !c.is_ascii_alphabetic())
                    .unwrap_or(rest.len())
                    .max(rest.chars().next().map_or(0, char::len_utf8))
            }
            None => text.chars().next().map_or(0, char::len_utf8),
        };
        return text.split_at(length);
    }
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, sign) in text.bytes().enumerate() {
        match sign {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return (&text[1..at], &text[at + 1..]);
                }
            }
            _ => {}
        }
    }
    (&text[1..], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> (String, Vec<String>) {
        let source = format!("@article{{key, title = {{{field}}}}}");
        let bibliography = biblatex::Bibliography::parse(&source).unwrap();
        let mut unknown = Vec::new();
        let text = read_chunks(bibliography.iter().next().unwrap().get("title").unwrap(), &mut unknown);
        (text.as_html().to_owned(), unknown)
    }

    #[test]
    fn accents_braces_marks_and_signs_become_text() {
        for (field, html) in [
            (r#"{ECMO} after M{\"u}ller and Garc{\'{\i}}a"#, "ECMO after Müller and García"),
            (r#"Na\"ive \c{c}edilla, {\o} and \ss"#, "Naïve çedilla, ø and ß"),
            (
                r"\emph{E. coli} and {\it S. aureus} at 5\,\% \& more",
                "<i>E. coli</i> and <i>S. aureus</i> at 5 % &amp; more",
            ),
            (r"CO$_2$ and 10$^{9}$/L", "CO<sub>2</sub> and 10<sup>9</sup>/L"),
            (r"CO\textsubscript{2} and VO\textsubscript{2max}", "CO<sub>2</sub> and VO<sub>2max</sub>"),
            (r"$p<0.05$, $\geq 65$~years, $37^\circ$C", "p&lt;0.05, ≥65 years, 37°C"),
            (r"5 $\pm$ 2 $\mu$g and $\frac{1}{2}$ dose", "5 ± 2 µg and 1/2 dose"),
            (r"2020--2024 --- a study", "2020–2024 — a study"),
            (r"TNF-$\alpha$ in \textbf{all}", "TNF-α in <b>all</b>"),
            (r"under\_score", "under_score"),
        ] {
            assert_eq!(read(field), (html.to_owned(), vec![]), "{field}");
        }
    }

    #[test]
    fn what_is_not_known_stays_to_be_seen() {
        let (html, unknown) = read(r"The \madeup{thing} of $\sqrt{2}$");
        assert!(html.contains("\\madeup") && html.contains("thing") && html.contains("\\sqrt"), "{html}");
        assert_eq!(unknown, ["madeup", "sqrt"]);
    }
}
