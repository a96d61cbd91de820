//! Made-up works, each seen through three sources in the sources' own formats, with all that makes one work look like
//! two and two works like one. Deterministic: the same count gives the same bytes on every machine.

/// Splitmix64: small, and the same for ever.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Whether a thing happens that happens in so many of a hundred cases.
    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(crate) fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            list.swap(index, self.below(index + 1));
        }
    }
}

/// What a work really is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Work {
    pub(crate) number: usize,
    pub(crate) pmid: Option<u32>,
    pub(crate) doi: Option<String>,
    pub(crate) pmcid: Option<String>,
    /// An Elsevier number, `S0022522326000012`.
    pub(crate) pii: Option<String>,
    /// Plain, one word in it may be set in italics by a source.
    pub(crate) title: String,
    /// `(family, given)`
    pub(crate) authors: Vec<(String, String)>,
    pub(crate) journal: &'static str,
    pub(crate) year: i32,
    pub(crate) volume: usize,
    pub(crate) page: usize,
    pub(crate) is_preprint: bool,
    /// The number of the paper that a preprint became; no record says so.
    pub(crate) preprint_of: Option<usize>,
    /// A notice that bears its paper's DOI: only what gives PubMed's number can show it as another work.
    pub(crate) shares_doi: bool,
    pub(crate) types: &'static str,
    /// `(RefType, Crossref update type, PMID and DOI of the other)`
    pub(crate) about: Option<(&'static str, &'static str, Option<u32>, Option<String>)>,
}

/// The formats in which a source shows a work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    PubmedXml,
    PubmedRss,
    EuropePmc,
    Crossref,
    /// A publisher's feed whose guid is a bare DOI, links with `?af=R`.
    Wiley,
    /// Guid an `http://doi.org/…`, links with `?rss=1`.
    Silverchair,
    /// `dc:identifier` is `doi:…`, the DOI upper-cased.
    Atypon,
    /// No DOI anywhere: the publisher's own number in guid and link.
    ScienceDirect,
    /// Neither a DOI nor a number: an address of its own.
    Bare,
}

impl Form {
    pub(crate) const ALL: [Self; 9] = [
        Self::PubmedXml,
        Self::PubmedRss,
        Self::EuropePmc,
        Self::Crossref,
        Self::Wiley,
        Self::Silverchair,
        Self::Atypon,
        Self::ScienceDirect,
        Self::Bare,
    ];
}

/// One sight of a work: which identifiers this source gives.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub(crate) work: usize,
    pub(crate) form: Form,
    pub(crate) gives_doi: bool,
    pub(crate) gives_pmid: bool,
}

const JOURNALS: [&str; 6] = [
    "Journal of Invented Perfusion",
    "Annals of Made-up Circulation",
    "Fictional Artificial Organs",
    "Imaginary Resuscitation",
    "Placeholder Critical Care",
    "Example Heart and Lung",
];
const FAMILIES: [&str; 16] = [
    "Fixture",
    "Sample",
    "Plåceholder",
    "Mockington",
    "Dummé",
    "Exempli",
    "Nobody",
    "van der Testen",
    "Testa-Prova",
    "Imaginarius",
    "O’Fiction",
    "Inventado",
    "Beispiel",
    "Someone",
    "Anyone",
    "Madeup",
];
pub(crate) const DRUGS: [&str; 10] = [
    "levosimendan",
    "milrinone",
    "heparin",
    "bivalirudin",
    "argatroban",
    "nafamostat",
    "dobutamine",
    "vasopressin",
    "tirofiban",
    "cangrelor",
];
const SUBJECTS: [&str; 12] = [
    "haemolysis",
    "weaning",
    "neurological outcome",
    "acute kidney injury",
    "bleeding",
    "thrombosis of the oxygenator",
    "left ventricular unloading",
    "limb ischaemia",
    "quality of life",
    "oxygen delivery",
    "infection",
    "survival",
];
const SETTINGS: [&str; 12] = [
    "veno-arterial ECMO",
    "veno-venous ECMO",
    "extracorporeal cardiopulmonary resuscitation",
    "cardiopulmonary bypass",
    "minimally invasive circulation",
    "centrifugal pumps",
    "paediatric bypass",
    "lung transplantation",
    "refractory cardiac arrest",
    "cardiogenic shock",
    "post-cardiotomy shock",
    "interhospital transport",
];
const DESIGNS: [&str; 10] = [
    "a randomised trial",
    "a registry study",
    "a cohort study",
    "a systematic review",
    "a case series",
    "an animal experiment",
    "a propensity-matched comparison",
    "a survey",
    "a bench study",
    "a protocol",
];
const PLACES: [&str; 8] =
    ["adults", "children", "neonates", "the elderly", "pregnancy", "trauma", "sepsis", "COVID-19"];

/// `count` works, a quarter of them near pairs of others.
pub(crate) fn works(count: usize, dice: &mut Dice) -> Vec<Work> {
    let mut works: Vec<Work> = Vec::with_capacity(count);
    while works.len() < count {
        let work = new_work(works.len(), dice);
        works.push(work);
        if dice.percent(17) && works.len() + 2 <= count {
            add_namesakes(&mut works, dice);
        }
    }
    works.truncate(count);
    works
}

fn new_work(number: usize, dice: &mut Dice) -> Work {
    let title = format!(
        "{} of {} on {} during {} in {}: {}",
        dice.of(&["Effect", "Influence", "Impact", "Role", "Timing"]),
        dice.of(&DRUGS),
        dice.of(&SUBJECTS),
        dice.of(&SETTINGS),
        dice.of(&PLACES),
        dice.of(&DESIGNS)
    );
    let authors = (0..=dice.below(5))
        .map(|_| {
            let initial = char::from(b'A' + dice.below(26) as u8);
            (dice.of(&FAMILIES).to_owned(), format!("{initial}. Given"))
        })
        .collect();
    let mut work = Work { title, authors, ..numbered(number, dice) };
    if dice.percent(6) {
        work.authors.clear();
    }
    work
}

/// A work with numbers of its own and nothing to say.
fn numbered(number: usize, dice: &mut Dice) -> Work {
    let pii = dice
        .percent(25)
        .then(|| format!("S{:07}{}26{:05}X", number % 9_999_999, number % 10, number % 100_000));
    Work {
        number,
        pmid: (!dice.percent(12)).then_some(50_000_000 + number as u32),
        doi: (!dice.percent(5)).then(|| {
            format!("10.{}/Inv.{}-{number:06}(x)", 5000 + dice.below(6), dice.of(&["ab", "Cd", "eF"]))
        }),
        pmcid: dice.percent(30).then(|| format!("PMC{}", 7_000_000 + number)),
        pii,
        title: String::new(),
        authors: Vec::new(),
        journal: dice.of(&JOURNALS),
        year: 2024 + dice.below(3) as i32,
        volume: 1 + dice.below(60),
        page: 1 + number,
        is_preprint: false,
        preprint_of: None,
        shares_doi: false,
        types: "Journal Article",
        about: None,
    }
}

/// Other works that look like the last one.
fn add_namesakes(works: &mut Vec<Work>, dice: &mut Dice) {
    let Some(first) = works.last().cloned() else { return };
    let like = |works: &Vec<Work>, dice: &mut Dice, title: String| Work {
        title,
        authors: first.authors.clone(),
        journal: first.journal,
        year: first.year,
        volume: first.volume,
        ..numbered(works.len(), dice)
    };
    let title = first.title.clone();
    match dice.below(12) {
        0 => {
            for short in ["Editorial", "Reply", "In response", "Commentary"] {
                works.push(like(works, dice, short.into()));
                works.push(like(works, dice, short.into()));
            }
        }
        1 => {
            works.push(like(works, dice, format!("{title}, part I")));
            works.push(like(works, dice, format!("{title}, part II")));
        }
        2 => {
            // the notice bears the paper's very title and has numbers of its own
            let about = Some(("RetractionOf", "retraction", first.pmid, first.doi.clone()));
            works.push(Work { types: "Retraction Notice", about, ..like(works, dice, title) });
        }
        3 if first.pmid.is_some() && first.doi.is_some() => {
            // the notice bears the paper's title and its DOI: only PubMed's number tells them apart
            let about = Some(("RetractionOf", "retraction", first.pmid, first.doi.clone()));
            let notice = like(works, dice, title);
            let number = works.len();
            works.push(Work {
                types: "Retraction Notice",
                about,
                pmid: Some(50_000_000 + number as u32),
                doi: first.doi.clone(),
                pmcid: None,
                pii: None,
                shares_doi: true,
                ..notice
            });
        }
        4 => {
            let beginning = dice.of(&[
                "Erratum to: ",
                "Correction: ",
                "Corrigendum to ",
                "Retraction: ",
                "RETRACTION NOTICE: ",
            ]);
            let about = Some(("ErratumFor", "correction", first.pmid, first.doi.clone()));
            works.push(Work {
                types: "Published Erratum",
                about,
                ..like(works, dice, format!("{beginning}{title}"))
            });
        }
        5 => {
            // a yearly report without the year in its title
            let report = format!("Annual report of the invented registry on {}", dice.of(&SETTINGS));
            for later in 0..3 {
                let next = like(works, dice, report.clone());
                works.push(Work { year: 2023 + later, volume: 10 + later as usize, ..next });
            }
        }
        6 => {
            let other = DRUGS.iter().find(|drug| !title.contains(**drug)).unwrap_or(&"placebo");
            let drug = DRUGS.iter().find(|drug| title.contains(**drug)).unwrap_or(&"");
            works.push(like(works, dice, title.replace(drug, other)));
        }
        7 => {
            let number = works.len();
            let preprint = like(works, dice, title);
            works.push(Work {
                is_preprint: true,
                preprint_of: Some(first.number),
                types: "Preprint",
                doi: Some(format!("10.1101/2025.01.02.{number:08}")),
                pmid: None,
                pmcid: None,
                pii: None,
                journal: "medRxiv",
                ..preprint
            });
        }
        8 => {
            works.push(like(works, dice, format!("Hypothermia: {title}")));
            works.push(like(works, dice, format!("Hyperthermia: {title}")));
        }
        9 => {
            // a guideline that two journals print at once
            let second = like(works, dice, title);
            works.push(Work { journal: "Guidelines of Nowhere", ..second });
        }
        10 => works.push(like(works, dice, format!("{title} in 12 patients"))),
        _ => {
            // the reply bears the title of what it answers
            works.push(like(works, dice, format!("Re: {title}")));
        }
    }
}

/// Three sights of every work, each in another form.
pub(crate) fn sights(works: &[Work], dice: &mut Dice) -> Vec<Sight> {
    let mut sights = Vec::with_capacity(works.len() * 3);
    for work in works {
        if work.shares_doi {
            for form in [Form::PubmedXml, Form::PubmedRss, Form::EuropePmc] {
                sights.push(Sight { work: work.number, form, gives_doi: true, gives_pmid: true });
            }
            continue;
        }
        let feed = match &work.pii {
            Some(_) if dice.percent(85) => Form::ScienceDirect,
            _ if dice.percent(2) => Form::Bare,
            _ => dice.of(&[&Form::Wiley, &Form::Silverchair, &Form::Atypon]).to_owned(),
        };
        let mut forms = vec![feed];
        if work.pmid.is_some() {
            forms.extend([Form::PubmedXml, Form::PubmedRss]);
        }
        if work.doi.is_some() {
            forms.push(Form::Crossref);
        }
        if work.pmid.is_some() || work.doi.is_some() {
            forms.push(Form::EuropePmc);
        }
        forms.extend([Form::Bare, Form::Wiley, Form::Atypon].into_iter().filter(|form| *form != feed));
        // the publisher's feed always; of the services any two
        let least = forms.len().clamp(3, 5);
        let (head, rest) = forms.split_at_mut(1);
        dice.shuffle(&mut rest[..least - 1]);
        for form in head.iter().chain(rest.iter()).take(3) {
            sights.push(Sight {
                work: work.number,
                form: *form,
                gives_doi: !dice.percent(8),
                gives_pmid: !dice.percent(10),
            });
        }
    }
    dice.shuffle(&mut sights);
    sights
}

/// The identifiers that a sight shows, as words: what a reader of this form could know.
pub(crate) fn shown_ids(work: &Work, sight: &Sight) -> Vec<String> {
    let doi = work.doi.as_ref().map(|doi| doi.to_lowercase());
    let pmid = work.pmid.map(|pmid| pmid.to_string());
    let given = |flag: bool, id: &Option<String>| id.clone().filter(|_| flag);
    let ids = match sight.form {
        Form::PubmedXml => vec![pmid, given(sight.gives_doi, &doi), work.pmcid.clone(), work.pii.clone()],
        Form::PubmedRss => vec![pmid, given(sight.gives_doi, &doi)],
        Form::EuropePmc => {
            vec![
                given(sight.gives_pmid, &pmid),
                given(sight.gives_doi || !sight.gives_pmid, &doi),
                work.pmcid.clone(),
            ]
        }
        Form::Crossref => vec![doi, work.pii.clone()],
        Form::Wiley | Form::Silverchair | Form::Atypon => vec![doi],
        Form::ScienceDirect => vec![work.pii.clone()],
        Form::Bare => vec![],
    };
    ids.into_iter().flatten().collect()
}
