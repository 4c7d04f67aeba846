//! Sentences that the desktop shows and not the page: notifications and titles of dialogs, in the languages of the page.
//!
//! They hold the name of an export, which its user has given, and numbers; never a patient, a path or the sentence of an
//! error.

/// A language that there are words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    En,
    /// Italian.
    It,
}

/// How an export ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Done.
    Done,
    /// Done, with problems.
    Problems,
    /// Failed.
    Failed,
}

/// What an export is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// So many patients with files.
    Patients(u64),
    /// So many studies in a table.
    Studies(u64),
}

/// What the parts of a cohort's rule are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuleWords {
    /// Before tags: any, all, none.
    pub(crate) tags: [&'static str; 3],
    /// Before modalities that a patient must have.
    pub(crate) having: &'static str,
    /// Before a text.
    pub(crate) text: &'static str,
    /// Where nothing narrows.
    pub(crate) all_patients: &'static str,
    /// Where every modality counts.
    pub(crate) all_modalities: &'static str,
    /// Where none does.
    pub(crate) no_modality: &'static str,
    /// Processed, raw, both.
    pub(crate) kinds: [&'static str; 3],
}

impl Language {
    /// The language of the preferences, or that of the desktop where they say nothing; English where there are no words.
    pub(crate) fn choose(preferred: &str, desktop: &str) -> Self {
        let wanted = if preferred.is_empty() { desktop } else { preferred };
        let first = wanted.split(['-', '_', '.']).next().unwrap_or_default();
        if first.eq_ignore_ascii_case("it") { Language::It } else { Language::En }
    }

    /// First line of a notification about one export.
    pub(crate) const fn ended(self, end: End) -> &'static str {
        match (self, end) {
            (Language::En, End::Done) => "Export ready",
            (Language::En, End::Problems) => "Export done, with problems",
            (Language::En, End::Failed) => "Export failed",
            (Language::It, End::Done) => "Esportazione pronta",
            (Language::It, End::Problems) => "Esportazione conclusa, con problemi",
            (Language::It, End::Failed) => "Esportazione non riuscita",
        }
    }

    /// Second line of a notification about one export.
    pub(crate) fn about(self, end: End, name: &str, what: What, problems: u64, bytes: u64) -> String {
        let size = self.size(bytes);
        match (self, end) {
            (_, End::Done) => format!("{name} · {} · {size}", self.count(what)),
            (Language::En, End::Problems) => format!("{name} · {size} · {problems} problems to look at"),
            (Language::It, End::Problems) => format!("{name} · {size} · problemi da vedere: {problems}"),
            (Language::En, End::Failed) => format!("{name} · Sheaf tells why and what to do"),
            (Language::It, End::Failed) => format!("{name} · Sheaf dice perché e che cosa fare"),
        }
    }

    /// First line of a notification about several exports.
    pub(crate) fn several(self, ready: usize, problems: usize, failed: usize) -> String {
        let all = ready + problems + failed;
        match (self, ready == all, failed == all) {
            (Language::En, true, _) => format!("{all} exports are ready"),
            (Language::En, _, true) => format!("{all} exports have failed"),
            (Language::En, ..) => format!("{all} exports have ended"),
            (Language::It, true, _) => format!("{all} esportazioni sono pronte"),
            (Language::It, _, true) => format!("{all} esportazioni non riuscite"),
            (Language::It, ..) => format!("{all} esportazioni sono terminate"),
        }
    }

    /// Second line of a notification about several exports that did not all end alike.
    pub(crate) fn mixed(self, ready: usize, problems: usize, failed: usize) -> String {
        let words = match self {
            Language::En => ["ready", "with problems", "failed"],
            Language::It => ["pronte", "con problemi", "non riuscite"],
        };
        let parts = [ready, problems, failed].into_iter().zip(words).filter(|(count, _)| *count > 0);
        parts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(" · ")
    }

    /// The action that leads to the export.
    pub(crate) const fn show(self) -> &'static str {
        match self {
            Language::En => "Show",
            Language::It => "Mostra",
        }
    }

    /// Both lines of the notification that tries whether notifications come.
    pub(crate) const fn test(self) -> (&'static str, &'static str) {
        match self {
            Language::En => ("Notifications work", "This is how Sheaf tells that an export has ended."),
            Language::It => ("Le notifiche funzionano", "Così Sheaf avvisa che un’esportazione è terminata."),
        }
    }

    /// Why the machine stays awake, as desktops tell it.
    pub(crate) const fn at_work(self) -> &'static str {
        match self {
            Language::En => "An export is running",
            Language::It => "Un’esportazione è in corso",
        }
    }

    /// Title of the dialog that asks where a copy goes.
    pub(crate) const fn save_copy(self) -> &'static str {
        match self {
            Language::En => "Save a copy",
            Language::It => "Salva una copia",
        }
    }

    /// Title of the dialog that asks where a table of studies goes.
    pub(crate) const fn save_studies(self) -> &'static str {
        match self {
            Language::En => "Export studies as a table",
            Language::It => "Esporta gli studi come tabella",
        }
    }

    /// Title of the dialog that asks where the list of problems goes.
    pub(crate) const fn save_problems(self) -> &'static str {
        match self {
            Language::En => "Save the list of problems",
            Language::It => "Salva l’elenco dei problemi",
        }
    }

    /// Title of the dialog that asks where an archive is now.
    pub(crate) const fn locate_archive(self) -> &'static str {
        match self {
            Language::En => "Locate the ZIP",
            Language::It => "Trova lo ZIP",
        }
    }

    /// Name of the kind of file that an archive is.
    pub(crate) const fn zip_files(self) -> &'static str {
        match self {
            Language::En => "ZIP archives",
            Language::It => "Archivi ZIP",
        }
    }

    /// Title of the dialog that asks for a registry.
    pub(crate) const fn open_registry(self) -> &'static str {
        match self {
            Language::En => "Open a registry",
            Language::It => "Apri un registro",
        }
    }

    /// Title of the dialog that asks for a folder of images.
    pub(crate) const fn open_image_folder(self) -> &'static str {
        match self {
            Language::En => "Open a folder of images",
            Language::It => "Apri una cartella di immagini",
        }
    }

    /// Name of the kind of file that a registry is.
    pub(crate) const fn registries(self) -> &'static str {
        match self {
            Language::En => "Registries",
            Language::It => "Registri",
        }
    }

    /// Title of the dialog that asks for a list of patients.
    pub(crate) const fn open_list(self) -> &'static str {
        match self {
            Language::En => "Open a list of patients",
            Language::It => "Apri un elenco di pazienti",
        }
    }

    /// Title of the dialog that asks for a list of studies.
    pub(crate) const fn open_study_list(self) -> &'static str {
        match self {
            Language::En => "Open a list of studies",
            Language::It => "Apri un elenco di studi",
        }
    }

    /// Name of the kind of file that studies are read of.
    pub(crate) const fn studies(self) -> &'static str {
        match self {
            Language::En => "Lists, databases and dumps of studies",
            Language::It => "Elenchi, database e dump di studi",
        }
    }

    /// Title of the dialog that asks where rejected rows go.
    pub(crate) const fn save_rejected(self) -> &'static str {
        match self {
            Language::En => "Save the rejected rows",
            Language::It => "Salva le righe rifiutate",
        }
    }

    /// Title of the dialog that asks for a table of record numbers.
    pub(crate) const fn open_record_numbers(self) -> &'static str {
        match self {
            Language::En => "Open a table of record numbers",
            Language::It => "Apri una tabella di numeri di cartella",
        }
    }

    /// Name of the kind of file that a table is.
    pub(crate) const fn tables(self) -> &'static str {
        match self {
            Language::En => "XLSX and CSV",
            Language::It => "XLSX e CSV",
        }
    }

    /// Name of the kind of file that a list is.
    pub(crate) const fn text_files(self) -> &'static str {
        match self {
            Language::En => "Text and CSV",
            Language::It => "Testo e CSV",
        }
    }

    /// Title of the dialog that asks where archives go.
    pub(crate) const fn choose_destination(self) -> &'static str {
        match self {
            Language::En => "Save archives to",
            Language::It => "Salva gli archivi in",
        }
    }

    /// Title of the dialog that asks where a registry's data lies.
    pub(crate) const fn locate_data(self) -> &'static str {
        match self {
            Language::En => "Where is the data of this registry?",
            Language::It => "Dove sono i dati di questo registro?",
        }
    }

    /// Title of the dialog that asks for certificates of authorities.
    pub(crate) const fn choose_certificate(self) -> &'static str {
        match self {
            Language::En => "Choose the certificate of the authority",
            Language::It => "Scegli il certificato dell'autorità",
        }
    }

    /// Files of certificates.
    pub(crate) const fn certificates(self) -> &'static str {
        match self {
            Language::En => "Certificates",
            Language::It => "Certificati",
        }
    }

    /// A cohort's rule: what its parts are called.
    pub(crate) const fn rule(self) -> RuleWords {
        match self {
            Language::En => RuleWords {
                tags: ["any of the tags", "all of the tags", "none of the tags"],
                having: "has",
                text: "contains",
                all_patients: "all patients",
                all_modalities: "all modalities",
                no_modality: "no modality",
                kinds: ["processed", "raw", "raw and processed"],
            },
            Language::It => RuleWords {
                tags: ["almeno uno dei tag", "tutti i tag", "nessuno dei tag"],
                having: "con",
                text: "contiene",
                all_patients: "tutti i pazienti",
                all_modalities: "tutte le modalità",
                no_modality: "nessuna modalità",
                kinds: ["elaborati", "grezzi", "grezzi ed elaborati"],
            },
        }
    }

    fn count(self, what: What) -> String {
        match (self, what) {
            (Language::En, What::Patients(1)) => "1 patient".to_owned(),
            (Language::En, What::Patients(count)) => format!("{count} patients"),
            (Language::It, What::Patients(1)) => "1 paziente".to_owned(),
            (Language::It, What::Patients(count)) => format!("{count} pazienti"),
            (Language::En, What::Studies(1)) => "1 study".to_owned(),
            (Language::En, What::Studies(count)) => format!("{count} studies"),
            (Language::It, What::Studies(1)) => "1 studio".to_owned(),
            (Language::It, What::Studies(count)) => format!("{count} studi"),
        }
    }

    /// Decimal units with one digit, as the page writes them.
    fn size(self, bytes: u64) -> String {
        const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
        if bytes < 1000 {
            return format!("{bytes} B");
        }
        let (mut tenths, mut unit) = (u128::from(bytes) * 10 / 1000, 0);
        while tenths >= 10_000 && unit + 1 < UNITS.len() {
            tenths /= 1000;
            unit += 1;
        }
        let point = if self == Language::It { ',' } else { '.' };
        format!("{}{point}{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferences_decide_then_the_desktop() {
        for (preferred, desktop, language) in [
            ("", "", Language::En),
            ("", "it_IT.UTF-8", Language::It),
            ("", "it", Language::It),
            ("en", "it", Language::En),
            ("it", "en-GB", Language::It),
            ("", "C", Language::En),
            ("fr", "it", Language::En),
        ] {
            assert_eq!(Language::choose(preferred, desktop), language, "{preferred:?}, {desktop:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_the_language_does() {
        assert_eq!(
            Language::En.about(End::Done, "study", What::Patients(1), 0, 61_250_000_000),
            "study · 1 patient · 61.2 GB"
        );
        assert_eq!(Language::It.about(End::Done, "study", What::Patients(2), 0, 1_500), "study · 2 pazienti · 1,5 kB");
        assert_eq!(Language::It.about(End::Done, "t", What::Studies(7), 0, 1_500), "t · 7 studi · 1,5 kB");
        assert_eq!(Language::En.about(End::Problems, "a", What::Patients(2), 3, 999), "a · 999 B · 3 problems to look at");
        assert_eq!(Language::En.size(u64::MAX), "18446744.0 TB", "there is no larger unit");
        assert_eq!(Language::It.mixed(2, 0, 1), "2 pronte · 1 non riuscite");
    }
}
