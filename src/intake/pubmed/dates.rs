//! PubMed's dates: `Year`/`Month`/`Day`, a season, or the free words of `MedlineDate`.

use quick_xml::events::BytesStart;

use crate::domain::time::{PartialDate, UnixMs};
use crate::intake::clean::read_date;

use super::walk::{Result, Xml, each_child, skip, word};

/// The children of any date element.
#[derive(Debug, Default)]
pub(super) struct DateParts {
    year: String,
    month: String,
    day: String,
    hour: String,
    minute: String,
    /// "2021 Jul-Aug", "1998-1999", "2020 Dec-2021 Jan".
    medline: String,
}

/// Reads a date element whose start tag has been read.
pub(super) fn read<'a>(xml: &mut Xml<'a>) -> Result<DateParts> {
    let mut parts = DateParts::default();
    each_child(xml, |xml: &mut Xml<'a>, tag: &BytesStart<'a>| {
        let part = match tag.name().as_ref() {
            "Year" => &mut parts.year,
            "Month" => &mut parts.month,
            "Day" => &mut parts.day,
            "Hour" => &mut parts.hour,
            "Minute" => &mut parts.minute,
            "MedlineDate" => &mut parts.medline,
            // a season is not a month: it begins at different times on the two halves of the earth
            _ => return skip(xml, tag),
        };
        *part = word(xml)?;
        Ok(())
    })?;
    Ok(parts)
}

impl DateParts {
    /// The date to the precision that stands there.
    pub(super) fn date(&self) -> Option<PartialDate> {
        let Ok(year) = self.year.parse::<i32>() else {
            return read_date(&self.medline).map(|stamp| stamp.on);
        };
        let month = self.month.parse::<u32>().ok().or_else(|| {
            // "Jul", and in a few old records "Jul-Aug"
            read_date(&format!("{} {year}", self.month)).and_then(|stamp| stamp.on.month())
        });
        let day = self.day.parse::<u32>().ok().filter(|_| month.is_some());
        PartialDate::new(year, month, day)
            .or_else(|| PartialDate::new(year, month, None))
            .or_else(|| PartialDate::new(year, None, None))
    }

    /// The instant, for dates of PubMed's own history; they name no zone and are read as UTC, which is never later than
    /// what was meant (NLM's clocks are hours behind).
    pub(super) fn instant(&self) -> Option<UnixMs> {
        let (year, month, day) = (self.year.parse().ok()?, self.month.parse().ok()?, self.day.parse().ok()?);
        let (hour, minute) = (self.hour.parse().unwrap_or(0), self.minute.parse().unwrap_or(0));
        let date = chrono::NaiveDate::from_ymd_opt(year, month, day)?;
        let time = chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        Some(UnixMs::from(date.and_time(time).and_utc()))
    }
}

/// When the work appeared: the day the publisher put it online where the record says so, because an issue's date is
/// often a month that lies ahead. A scan put online years after the print is not the paper's appearance.
pub(super) fn appeared(printed: Option<PartialDate>, online: Option<PartialDate>) -> Option<PartialDate> {
    match (printed, online) {
        (Some(printed), Some(online)) if online.year() - printed.year() > 1 => Some(printed),
        (_, Some(online)) => Some(online),
        (printed, None) => printed,
    }
}
