//! Users and what they may: the two profiles of the source, written as grants. What neither of them says is denied.
//!
//! Deliberately absent: passwords, addresses, and rights that Sheaf has no use for, such as uploading.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sheaf_registry::ids::{ProjectId, UserId};
use sheaf_registry::writer::NewGrant;
use sheaf_registry::{Code, RegistryWriter, Result};

use super::catalogue::Catalogue;
use super::cells::{Tables, row_error};
use super::generation::{Domain, Shape};
use crate::report::{Odd, Oddities};

const ACCESS: &str = "common_projectaccess";

/// A user of the source.
struct User {
    name: String,
    is_active: bool,
    is_staff: bool,
}

/// Reads users and rights; the users' names by their ids.
pub(super) fn read(
    tables: &Tables<'_>,
    shape: &Shape,
    catalogue: &Catalogue,
    writer: &mut RegistryWriter,
    odd: &mut Oddities,
) -> Result<BTreeMap<i64, String>> {
    let mut users = BTreeMap::new();
    tables.each("auth_user", &["id", "username", "is_active", "is_staff"], &mut |row| {
        let name = row.word(1)?.into_owned();
        // What is neither yes nor no allows nothing.
        users.insert(row.id, User { name, is_active: row.flag(2) == Some(true), is_staff: row.flag(3) == Some(true) });
        Ok(())
    })?;
    let profiles = shape.domains.iter().map(|domain| domain.table("userprofile")).find(|table| tables.has(table));
    // A state in between can have columns of both profiles: where rights on folders are kept, those of the older one are left over.
    let has_folder_rights = shape.domains.iter().any(|domain| folder_rights(tables, domain).is_some());
    match profiles.filter(|_| !has_folder_rights || !tables.has_column(ACCESS, "role")) {
        Some(profiles) if tables.has_column(ACCESS, "can_view") => {
            by_role(tables, &profiles, &users, catalogue, writer, odd)?;
        }
        _ if tables.has_column(ACCESS, "role") => by_folder(tables, shape, &users, catalogue, writer, odd)?,
        _ => {
            odd.note(Odd::RightsAbsent, ACCESS);
            for (id, user) in &users {
                add(*id, user, "", writer)?;
            }
        }
    }
    Ok(users.into_iter().map(|(id, user)| (id, user.name)).collect())
}

/// The table of rights on the folders of a domain, where there is one.
fn folder_rights(tables: &Tables<'_>, domain: &Domain) -> Option<String> {
    ["folderaccess", "folder_access"].map(|of| domain.table(of)).into_iter().find(|table| tables.has(table))
}

/// The profile of G1 and G2: one role for each user, which says what kinds of patients it sees, in the projects that it may
/// view.
fn by_role(
    tables: &Tables<'_>,
    profiles: &str,
    users: &BTreeMap<i64, User>,
    catalogue: &Catalogue,
    writer: &mut RegistryWriter,
    odd: &mut Oddities,
) -> Result<()> {
    let mut roles = HashMap::new();
    tables.each(profiles, &["id", "user_id", "role"], &mut |row| {
        if let Some(user) = row.int(1) {
            let role = row.word(2)?;
            // Whoever has two roles has none that is sure.
            roles.entry(user).and_modify(|known: &mut String| known.clear()).or_insert_with(|| role.into_owned());
        }
        Ok(())
    })?;
    // One row that denies outweighs every row that allows.
    let mut views: BTreeMap<(i64, ProjectId), bool> = BTreeMap::new();
    tables.each(ACCESS, &["id", "user_id", "project_id", "can_view"], &mut |row| {
        let (user, project) = (row.int(1), row.int(2).and_then(|id| catalogue.projects.get(&id)));
        match (user.filter(|user| users.contains_key(user)), project) {
            (Some(user), Some(project)) => {
                let allows = row.flag(3) == Some(true);
                views.entry((user, *project)).and_modify(|view| *view &= allows).or_insert(allows);
            }
            _ => odd.note(Odd::AccessUnknown, row),
        }
        Ok(())
    })?;
    for (id, user) in users {
        let role = roles.get(id).map_or("", String::as_str);
        let user = add(*id, user, role, writer)?;
        let (visible, may_export): (&[&str], bool) = match role {
            "admin" => {
                writer.grant(&NewGrant::export(user))?;
                continue;
            }
            "annotator" | "project_manager" => (&["public", "private"], true),
            "standard" => (&["public"], true),
            "student_dev" => (&["debug"], false),
            _ => {
                odd.note(Odd::RoleUnknown, format_args!("auth_user {id}: {role}"));
                continue;
            }
        };
        let viewed = views.range((*id, ProjectId(i64::MIN))..=(*id, ProjectId(i64::MAX))).filter(|(_, allows)| **allows);
        for ((_, project), _) in viewed {
            for visibility in visible {
                let project = Some(*project);
                let grant = NewGrant { project, visibility: Some(visibility), may_export, ..NewGrant::read(user) };
                writer.grant(&grant)?;
            }
        }
    }
    Ok(())
}

/// The profile of G3: admins of a project, and rights on single folders. Who sees a patient hangs on its folders alone.
fn by_folder(
    tables: &Tables<'_>,
    shape: &Shape,
    users: &BTreeMap<i64, User>,
    catalogue: &Catalogue,
    writer: &mut RegistryWriter,
    odd: &mut Oddities,
) -> Result<()> {
    let mut roles: HashMap<i64, BTreeSet<String>> = HashMap::new();
    let mut admins = Vec::new();
    tables.each(ACCESS, &["id", "user_id", "project_id", "role"], &mut |row| {
        let (user, project) = (row.int(1), row.int(2).and_then(|id| catalogue.projects.get(&id)));
        let (Some(user), Some(project)) = (user.filter(|user| users.contains_key(user)), project) else {
            odd.note(Odd::AccessUnknown, row);
            return Ok(());
        };
        let role = row.word(3)?;
        if role == "admin" {
            admins.push((user, *project));
        }
        roles.entry(user).or_default().insert(role.into_owned());
        Ok(())
    })?;
    let mut folders = Vec::new();
    for (at, domain) in shape.domains.iter().enumerate() {
        let Some(table) = folder_rights(tables, domain) else { continue };
        tables.each(&table, &["id", "user_id", "folder_id", "role"], &mut |row| {
            let user = row.int(1).filter(|user| users.contains_key(user));
            let folder = row.int(2).and_then(|folder| catalogue.folders.get(&(at, folder)));
            let (Some(user), Some(folder)) = (user, folder) else {
                odd.note(Odd::AccessUnknown, row);
                return Ok(());
            };
            let role = row.word(3)?;
            match &*role {
                "project_manager" => folders.push((user, *folder, true)),
                "standard" | "annotator" => folders.push((user, *folder, false)),
                _ => odd.note(Odd::RoleUnknown, format_args!("{row}: {role}")),
            }
            roles.entry(user).or_default().insert(role.into_owned());
            Ok(())
        })?;
    }
    for (id, user) in users {
        let mut role = roles.remove(id).unwrap_or_default();
        if user.is_staff {
            role.insert("staff".to_owned());
        }
        let role = role.into_iter().collect::<Vec<_>>().join(", ");
        let written = add(*id, user, &role, writer)?;
        if user.is_staff {
            writer.grant(&NewGrant::export(written))?;
        }
    }
    for (user, project) in admins {
        writer.grant(&NewGrant { project: Some(project), ..NewGrant::export(UserId(user)) })?;
    }
    for (user, folder, may_export) in folders {
        // The folder and none of those inside it.
        let grant = NewGrant { folder: Some(folder), recursive: false, may_export, ..NewGrant::read(UserId(user)) };
        writer.grant(&grant)?;
    }
    Ok(())
}

fn add(id: i64, user: &User, role: &str, writer: &mut RegistryWriter) -> Result<UserId> {
    let written = writer.user_as(UserId(id), &user.name, role).map_err(|error| match error.code() {
        Code::Internal => row_error("auth_user", &format!("two users have the name of user {id}")).cause(error),
        _ => error,
    })?;
    if !user.is_active {
        writer.deactivate(written)?;
    }
    Ok(written)
}
