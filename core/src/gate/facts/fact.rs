//! What a fact is, and which facts hold for one judgement.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::ROWS;
use crate::gate::day::Day;
use crate::gate::image::AppVersion;
use crate::gate::version::Minor;

/// How old a row may be, in days, before what it says counts as not known: add-ons release about monthly, and a table that
/// nobody looked at for half a year has been wrong each time it was checked.
pub const MAX_AGE_DAYS: u32 = 180;

/// What it means to be outside of a row's range of Kubernetes versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It does not start or does not work.
    Refuses,
    /// Its makers did not test it.
    Untested,
    /// Not about ranges: this line gets no more fixes, from the day `ends`.
    Eol,
}

/// One row: what a version of a subject says about Kubernetes. It holds from `floor` up to the next row's floor of the same
/// subject and kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is about: an add-on's name, `containerd`, `cri-o`, `kernel`, `etcd`.
    pub subject: Cow<'static, str>,
    /// The first version that it holds for, such as `2.8` or `1.7.28`.
    pub floor: Cow<'static, str>,
    /// The first Kubernetes release line of its range; absent where it has no lower end.
    #[serde(default)]
    pub kubernetes_min: Option<Minor>,
    /// The last Kubernetes release line of its range; absent where it has no upper end.
    #[serde(default)]
    pub kubernetes_max: Option<Minor>,
    /// What it means to be outside.
    pub kind: Kind,
    /// The oldest version from which one may go to this row in one step; absent where any may.
    #[serde(default)]
    pub upgrade_from: Option<Cow<'static, str>>,
    /// The last day of support, for `eol`.
    #[serde(default)]
    pub ends: Option<Cow<'static, str>>,
    /// Where this was read.
    pub source: Cow<'static, str>,
    /// The day on which it was read; absent only in a matrix of the older form, which has none.
    #[serde(default)]
    pub checked_on: Option<Cow<'static, str>>,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{row}: {why}")]
pub struct FactError {
    /// Which row.
    pub row: String,
    /// What is wrong with it, and how to write it.
    pub why: String,
}

impl Fact {
    /// Its floor as a version.
    pub(in crate::gate) fn floor_version(&self) -> AppVersion {
        AppVersion::floor(&self.floor).unwrap_or_default()
    }

    /// Whether that release line is in its range.
    pub fn spans(&self, line: Minor) -> bool {
        self.kubernetes_min.is_none_or(|min| min <= line) && self.kubernetes_max.is_none_or(|max| line <= max)
    }

    /// The day on which it was read.
    pub fn checked(&self) -> Option<Day> {
        self.checked_on.as_ref()?.parse().ok()
    }

    /// Whether it is past its age on that day. A row without a day has none.
    pub fn is_aged(&self, today: Day) -> bool {
        self.checked().is_some_and(|day| day.plus(MAX_AGE_DAYS) < today)
    }

    /// How a person names the row.
    pub fn name(&self) -> String {
        format!("{} {} ({:?})", self.subject, self.floor, self.kind)
    }

    fn check(&self) -> Result<(), FactError> {
        let fail = |why: &str| Err(FactError { row: self.name(), why: why.to_owned() });
        if self.subject.trim().is_empty() {
            return fail("it has no subject");
        }
        let Some(floor) = AppVersion::floor(&self.floor) else {
            return fail("its floor is no version; one looks like 2.8 or 1.7.28");
        };
        if self.source.trim().is_empty() {
            return fail("it has no source; say where it was read");
        }
        match self.checked_on.as_deref().map(str::parse::<Day>) {
            None => return fail("it has no checked_on; say on which day it was read, such as 2026-11-21"),
            Some(Err(error)) => return fail(&format!("checked_on: {error}")),
            Some(Ok(_)) => {}
        }
        if let (Some(min), Some(max)) = (self.kubernetes_min, self.kubernetes_max)
            && max < min
        {
            return fail("kubernetes_max is before kubernetes_min");
        }
        if let Some(from) = &self.upgrade_from {
            match AppVersion::floor(from) {
                None => return fail("its upgrade_from is no version"),
                Some(from) if from >= floor => {
                    return fail("its upgrade_from is not below its floor, so that the steps go in a circle");
                }
                Some(_) => {}
            }
        }
        match (self.kind, self.ends.as_deref().map(str::parse::<Day>)) {
            (Kind::Eol, None) => fail("an end of life needs `ends`, its last day"),
            (Kind::Eol, Some(Ok(_))) | (_, None) => Ok(()),
            (_, Some(Err(error))) => fail(&format!("ends: {error}")),
            (_, Some(Ok(_))) => fail("only an end of life has `ends`"),
        }
    }
}

/// The facts of one judgement: the compiled-in rows, with those of the user over them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Rows that stand beside the compiled-in ones, and in place of those with the same subject, floor and kind.
    extra: Vec<Fact>,
    /// What only `extra` speaks about: the subjects of a matrix, which is read as it is.
    replaced: Vec<(String, Kind)>,
}

impl Facts {
    /// The compiled-in rows alone.
    pub fn compiled() -> Self {
        Self::default()
    }

    /// With rows of the user: each is checked, and none may be there twice.
    pub fn with(mut self, rows: Vec<Fact>) -> Result<Self, FactError> {
        for row in &rows {
            row.check()?;
        }
        once(&rows)?;
        self.extra.retain(|old| !rows.iter().any(|row| same(row, old)));
        self.extra.extend(rows);
        Ok(self)
    }

    /// With rows in place of everything that is known about their subjects. For a matrix, whose rows have no day.
    pub(in crate::gate) fn replacing(mut self, rows: Vec<Fact>) -> Self {
        self.replaced.extend(rows.iter().map(|row| (row.subject.clone().into_owned(), row.kind)));
        self.replaced.sort();
        self.replaced.dedup();
        self.extra.retain(|old| !rows.iter().any(|row| row.subject == old.subject && row.kind == old.kind));
        self.extra.extend(rows);
        self
    }

    /// Every row that holds, by subject, kind and floor.
    pub fn rows(&self) -> Vec<&Fact> {
        let mut rows: Vec<&Fact> = self.holding(|_| true).collect();
        rows.sort_by_cached_key(|row| (row.subject.clone(), row.kind, row.floor_version()));
        rows
    }

    /// The rows of one subject and kind, by floor.
    pub(in crate::gate) fn of(&self, subject: &str, kind: Kind) -> Vec<&Fact> {
        let mut rows: Vec<&Fact> = self.holding(|row| row.kind == kind && row.subject == subject).collect();
        rows.sort_by_cached_key(|row| row.floor_version());
        rows
    }

    fn holding(&self, wanted: impl Fn(&Fact) -> bool) -> impl Iterator<Item = &Fact> {
        let compiled = ROWS.iter().filter(|row| self.stands(row));
        compiled.chain(&self.extra).filter(move |row| wanted(row))
    }

    /// Whether a compiled-in row still stands.
    fn stands(&self, row: &Fact) -> bool {
        let replaced = |(subject, kind): &(String, Kind)| *subject == row.subject && *kind == row.kind;
        !self.replaced.iter().any(replaced) && !self.extra.iter().any(|extra| same(extra, row))
    }
}

fn same(left: &Fact, right: &Fact) -> bool {
    left.subject == right.subject && left.kind == right.kind && left.floor_version() == right.floor_version()
}

fn once(rows: &[Fact]) -> Result<(), FactError> {
    let mut seen = BTreeMap::new();
    for row in rows {
        if let Some(other) = seen.insert((row.subject.clone(), row.kind, row.floor_version()), row) {
            let why = format!("it overlaps with {}: both begin at the same version", other.name());
            return Err(FactError { row: row.name(), why });
        }
    }
    Ok(())
}

/// Checks the compiled-in rows, as `homelab gate facts verify` does: every row, not only the first wrong one. With a day,
/// rows past their age are named too.
pub fn verify(rows: &[&Fact], today: Option<Day>) -> Vec<FactError> {
    let mut errors: Vec<FactError> = rows.iter().filter_map(|row| row.check().err()).collect();
    let owned: Vec<Fact> = rows.iter().map(|row| (*row).clone()).collect();
    errors.extend(once(&owned).err());
    if let Some(today) = today {
        errors.extend(rows.iter().filter(|row| row.is_aged(today)).map(|row| FactError {
            row: row.name(),
            why: format!("it was last checked more than {MAX_AGE_DAYS} days ago; read its source again"),
        }));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Fact {
        Fact {
            subject: "calico".into(),
            floor: "3.33".into(),
            kubernetes_min: Some(Minor::of(35)),
            kubernetes_max: Some(Minor::of(37)),
            kind: Kind::Untested,
            upgrade_from: Some("3.31".into()),
            ends: None,
            source: "its documentation".into(),
            checked_on: Some("2026-11-21".into()),
        }
    }

    #[test]
    fn a_row_says_what_is_wrong_with_it() {
        type Change = fn(&mut Fact);
        let cases: [(&str, Change); 10] = [
            ("no source", |row| row.source = " ".into()),
            ("no checked_on", |row| row.checked_on = None),
            ("is no day", |row| row.checked_on = Some("yesterday".into())),
            ("no subject", |row| row.subject = "".into()),
            ("floor is no version", |row| row.floor = "latest".into()),
            ("before kubernetes_min", |row| row.kubernetes_max = Some(Minor::of(30))),
            ("upgrade_from is no version", |row| row.upgrade_from = Some("x".into())),
            ("in a circle", |row| row.upgrade_from = Some("3.33".into())),
            ("needs `ends`", |row| row.kind = Kind::Eol),
            ("only an end of life", |row| row.ends = Some("2026-12-31".into())),
        ];
        for (said, change) in cases {
            let mut wrong = row();
            change(&mut wrong);
            let error = Facts::compiled().with(vec![wrong]).unwrap_err().to_string();
            assert!(error.contains(said), "{said}: {error}");
        }
        assert!(Facts::compiled().with(vec![row()]).is_ok());
        let twice = Facts::compiled().with(vec![row(), Fact { floor: "3.33.0".into(), ..row() }]).unwrap_err();
        assert!(twice.to_string().contains("overlaps with calico 3.33"), "{twice}");
    }

    #[test]
    fn a_row_of_the_user_stands_in_place_of_ours() {
        let ours = Facts::compiled().of("calico", Kind::Untested).len();
        let facts = Facts::compiled().with(vec![Fact { kubernetes_max: Some(Minor::of(39)), ..row() }]).unwrap();
        let rows = facts.of("calico", Kind::Untested);
        assert_eq!(rows.len(), ours);
        assert_eq!(rows.last().unwrap().kubernetes_max, Some(Minor::of(39)));
        let again = facts.with(vec![Fact { kubernetes_max: Some(Minor::of(40)), ..row() }]).unwrap();
        assert_eq!(again.of("calico", Kind::Untested).last().unwrap().kubernetes_max, Some(Minor::of(40)));
    }

    #[test]
    fn rows_age() {
        let row = row();
        let checked = row.checked().unwrap();
        assert!(!row.is_aged(checked.plus(MAX_AGE_DAYS)));
        assert!(row.is_aged(checked.plus(MAX_AGE_DAYS + 1)));
        let errors = verify(&[&row], Some(checked.plus(400)));
        assert!(errors[0].to_string().contains("last checked more than 180 days ago"), "{errors:?}");
        assert_eq!(verify(&[&row], Some(checked)), []);
    }

    #[test]
    fn the_compiled_rows_are_in_order() {
        assert_eq!(verify(&Facts::compiled().rows(), None), []);
    }
}
