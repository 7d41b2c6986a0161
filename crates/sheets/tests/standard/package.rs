//! The package: every part has a content type and is reached by relationships (ECMA-376 part 2).

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Document;

use crate::archive::Item;

pub const CONTENT_TYPES: &str = "[Content_Types].xml";

/// The XML of an item; the parser refuses characters that XML 1.0 does not allow, also as references.
pub fn xml(item: &Item) -> Document<'_> {
    let text = std::str::from_utf8(&item.bytes).unwrap();
    Document::parse(text).unwrap_or_else(|error| panic!("{}: {error}", item.name))
}

pub fn find<'a>(items: &'a [Item], name: &str) -> &'a Item {
    items.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no part {name}"))
}

/// Checks types and relationships.
pub fn check(items: &[Item]) {
    let types = xml(find(items, CONTENT_TYPES));
    let children = || types.root_element().children().filter(|child| child.is_element());
    let (mut defaults, mut overrides) = (BTreeSet::new(), BTreeSet::new());
    for child in children() {
        assert!(child.attribute("ContentType").unwrap().contains('/'));
        let is_new = match child.tag_name().name() {
            "Default" => defaults.insert(child.attribute("Extension").unwrap().to_lowercase()),
            "Override" => overrides.insert(child.attribute("PartName").unwrap().to_lowercase()),
            other => panic!("{other} among the content types"),
        };
        assert!(is_new, "{child:?} twice");
    }
    let parts: BTreeSet<String> = items
        .iter()
        .filter(|item| item.name != CONTENT_TYPES)
        .map(|item| format!("/{}", item.name))
        .collect();
    for part in &parts {
        let extension = part.rsplit('.').next().unwrap();
        assert!(
            overrides.contains(&part.to_lowercase()) || defaults.contains(extension),
            "{part} has no type"
        );
        // The default of XML is a type that says nothing.
        assert!(
            extension != "xml" || overrides.contains(&part.to_lowercase()),
            "{part} has no type of its own"
        );
    }
    let lower: BTreeSet<String> = parts.iter().map(|part| part.to_lowercase()).collect();
    assert!(overrides.is_subset(&lower), "types of parts that are not there: {overrides:?}");
    check_reached(items, &parts);
}

/// Follows the relationships from the package's own; nothing else may be there.
fn check_reached(items: &[Item], parts: &BTreeSet<String>) {
    let mut reached = BTreeSet::new();
    let mut next = vec!["/".to_owned()];
    while let Some(part) = next.pop() {
        let (folder, name) = part.rsplit_once('/').unwrap();
        let rels = format!("{folder}/_rels/{name}.rels");
        if !parts.contains(&rels) {
            continue;
        }
        for target in relationships(find(items, &rels[1..])).into_values() {
            let target = if target.starts_with('/') { target } else { format!("{folder}/{target}") };
            assert!(parts.contains(&target), "{rels} leads to {target}");
            if reached.insert(target.clone()) {
                next.push(target);
            }
        }
        reached.insert(rels);
    }
    assert_eq!(&reached, parts);
}

/// Targets of the relationships in a part, by id.
pub fn relationships(item: &Item) -> BTreeMap<String, String> {
    let document = xml(item);
    let mut targets = BTreeMap::new();
    for relationship in document.root_element().children().filter(|child| child.is_element()) {
        let attribute = |name| relationship.attribute(name).unwrap().to_owned();
        assert_eq!(relationship.attribute("TargetMode"), None, "nothing outside of the package");
        assert!(targets.insert(attribute("Id"), attribute("Target")).is_none(), "an id twice");
    }
    targets
}
