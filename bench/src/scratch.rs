//! Crates of fifty entities, generated for their compile time only.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Result;

/// Entities in each crate.
pub(crate) const ENTITIES: usize = 50;

/// One of the crates that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crate {
    pub(crate) name: &'static str,
    /// Whether the entities derive `WriteThrough`.
    derived: bool,
    /// Whether each entity has a function that loads and saves a row.
    used: bool,
}

/// In the order of the comparison: first without the derive, then with it.
pub(crate) const CRATES: [Crate; 4] = [
    Crate { name: "plain", derived: false, used: false },
    Crate { name: "derived", derived: true, used: false },
    Crate { name: "plain-used", derived: false, used: true },
    Crate { name: "derived-used", derived: true, used: true },
];

/// A workspace of these crates in a temporary directory.
pub(crate) struct Scratch {
    directory: TempDir,
}

impl Scratch {
    /// `root` is where this repository is; its lock file is taken along, so that nothing has to be resolved.
    pub(crate) fn create(root: &Path) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let members = CRATES.map(|member| format!("{:?}", member.name)).join(", ");
        let path = directory.path();
        fs::write(path.join("Cargo.toml"), format!("[workspace]\nmembers = [{members}]\nresolver = \"3\"\n"))?;
        fs::copy(root.join("Cargo.lock"), path.join("Cargo.lock"))?;
        for member in CRATES {
            let sources = path.join(member.name).join("src");
            fs::create_dir_all(&sources)?;
            fs::write(path.join(member.name).join("Cargo.toml"), member.manifest(root))?;
            let modules: String = (0..ENTITIES).map(|number| format!("pub mod entity_{number};\n")).collect();
            fs::write(sources.join("lib.rs"), modules)?;
            for number in 0..ENTITIES {
                fs::write(sources.join(format!("entity_{number}.rs")), member.entity(number))?;
            }
        }
        Ok(Self { directory })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Makes cargo compile the crate again.
    pub(crate) fn touch(&self, member: Crate) -> Result<()> {
        let root: PathBuf = self.path().join(member.name).join("src/lib.rs");
        let text = fs::read_to_string(&root)?;
        Ok(fs::write(root, text)?)
    }
}

impl Crate {
    pub(crate) fn is_used(self) -> bool {
        self.used
    }

    /// What the crate holds, as the report says it.
    pub(crate) fn title(self) -> &'static str {
        if self.used { "each loaded and saved in one function" } else { "entities alone" }
    }

    fn manifest(self, root: &Path) -> String {
        format!(
            "[package]\nname = {:?}\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n\
             sea-orm = {{ version = \"2.0.4\", default-features = false, features = [\"macros\", \"with-chrono\"] }}\n\
             writethrough = {{ path = {:?}, default-features = false, features = [\"with-chrono\"] }}\n",
            self.name, root
        )
    }

    fn entity(self, number: usize) -> String {
        let (import, derive, attribute) = match self.derived {
            true => ("use writethrough::WriteThrough;\n", ", WriteThrough", "#[write_through(ttl = \"1h\")]\n"),
            false => ("", "", ""),
        };
        let uses = match (self.used, self.derived) {
            (false, _) => "",
            (true, true) => USES_DERIVED,
            (true, false) => USES_PLAIN,
        };
        format!(
            "use sea_orm::entity::prelude::*;\n{import}\n\
             #[derive(Clone, Debug, PartialEq, DeriveEntityModel{derive})]\n\
             #[sea_orm(table_name = \"entity_{number}\")]\n{attribute}{COLUMNS}{uses}"
        )
    }
}

const COLUMNS: &str = "\
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub flight_no: String,
    pub airline_id: i64,
    pub seats_taken: i64,
    pub price: f64,
    pub delayed: bool,
    pub origin: String,
    pub destination: String,
    pub remark: Option<String>,
    pub departure: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
";

const USES_DERIVED: &str = "
pub async fn load_and_save(id: i64, row: ActiveModel, store: &writethrough::Store) -> writethrough::Result<()> {
    Entity::load_cached(id, store).await?;
    row.save_through(store).await?;
    Ok(())
}
";

const USES_PLAIN: &str = "
pub async fn load_and_save(id: i64, row: ActiveModel, db: &sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    Entity::find_by_id(id).one(db).await?;
    row.save(db).await?;
    Ok(())
}
";
