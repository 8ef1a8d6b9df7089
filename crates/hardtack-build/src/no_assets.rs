//! A bake without any asset, which is nearly always a mistake.

use crate::{Problem, ProblemKind, Settings, scan::Scanned};

/// An error if the settings leave out every file, since they contradict themselves; a warning if
/// there is no file to publish, since a new project has none yet.
pub(crate) fn check_for_assets(
    scanned: &Scanned,
    settings: &Settings,
) -> Result<Option<Problem>, Problem> {
    if !scanned.assets.is_empty() {
        return Ok(None);
    }
    let by_setting = scanned.left_out.iter().find(|one| one.is_by_setting);
    let none_is_left = by_setting.or(scanned.left_out.first()).map(|one| {
        format!("no asset is left, and the site would be empty: {:?} is {one}", one.logical_path)
    });
    let empty = || {
        "there is no file in this folder, so the site is empty: build it first, or name another \
         folder"
            .to_owned()
    };
    let message = none_is_left.unwrap_or_else(empty);
    if by_setting.is_some() {
        Err(ProblemKind::Setting(message).of(&settings.assets))
    } else {
        Ok(Some(ProblemKind::Remark(message).of(&settings.assets)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LeftOut, scan::Asset};

    fn said(left_out: Vec<LeftOut>, assets: Vec<Asset>) -> (bool, String) {
        let scanned = Scanned { assets, left_out };
        match check_for_assets(&scanned, &Settings::default()) {
            Ok(warning) => (false, warning.map(|it| it.to_string()).unwrap_or_default()),
            Err(error) => (true, error.to_string()),
        }
    }

    #[test]
    fn an_empty_site_is_said() {
        let (is_error, text) = said(vec![], vec![]);
        assert!(!is_error && text.starts_with("assets: there is no file in this folder"), "{text}");
        let default = LeftOut::by_default(".gitkeep", ".*");
        let (is_error, text) = said(vec![default.clone()], vec![]);
        assert!(!is_error && text.contains("\".gitkeep\" is left out by the default"), "{text}");
        let by_setting = LeftOut::by_exclude("a", "*");
        let (is_error, text) = said(vec![default.clone(), by_setting], vec![]);
        assert_eq!(
            (is_error, &*text),
            (
                true,
                "assets: no asset is left, and the site would be empty: \"a\" is left out by the \
                 glob `*` of `exclude`: bring it back with \"!/a\" behind that glob"
            )
        );
        assert_eq!(said(vec![default], vec![Asset::of("a", "")]), (false, String::new()));
    }
}
