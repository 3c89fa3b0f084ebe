//! References to other resources: `@odata.id`.

/// The key of an address that ends with one of a collection: relative or absolute, the key in
/// either form.
pub(crate) fn referred(address: &str, collection: &str) -> Option<String> {
    let start = address.to_ascii_lowercase().rfind(&collection.to_ascii_lowercase())?;
    let rest = &address[start + collection.len()..];
    let key = rest.trim_matches(['/', '(', ')', '\'']);
    let is_one = rest.starts_with(['/', '(']) && !key.is_empty() && !key.contains('/');
    is_one.then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_may_be_written_in_every_form_of_a_path() {
        let base = "https://graph.microsoft.com/beta/deviceManagement";
        for address in [
            format!("{base}/deviceCategories/7"),
            format!("{base}/deviceCategories('7')"),
            format!("{base}/devicecategories/7/"),
            "deviceManagement/deviceCategories/7".to_owned(),
        ] {
            assert_eq!(referred(&address, "deviceCategories").as_deref(), Some("7"), "{address}");
        }
        for address in ["", "deviceCategories", "deviceCategories/", "deviceCategoriesé/7", "x/7"]
        {
            assert_eq!(referred(address, "deviceCategories"), None, "{address}");
        }
        assert_eq!(referred(&format!("{base}/users/7/manager"), "users"), None);
    }
}
