// The one list of commands. Everything that knows commands comes from it: the window's router and its permissions
// (src-tauri), the host that tests use (`dispatch`), and the TypeScript types (tests/it/bindings.rs).
//
// A row is: name(what is sent) -> what is answered. The method of the same name on `Desk` does the work; it may block.
// No module documentation here: the shell's build script includes this file.
//
// Order: start and registries, choosing, creating, exports, studies, settings, the window itself.
#[doc(hidden)]
#[macro_export]
macro_rules! sheaf_commands {
    ($then:path) => {
        $then! {
            start(Nothing) -> Startup;
            open_registry(Nothing) -> Option<OpenRegistry>;
            choose_image_folder(Nothing) -> Option<ImageFolderChoice>;
            rechoose_image_folder(Nothing) -> ImageFolderChoice;
            preview_image_folder(ImageFolderPattern) -> ImageFolderPreview;
            index_image_folder(IndexImageFolder) -> OpenRegistry;
            image_folder(Nothing) -> Option<ImageFolderState>;
            want_hashes(HashesInput) -> Option<ImageFolderState>;
            read_server_url(ServerUrl) -> ServerForm;
            choose_certificate(Nothing) -> Option<CertificateFile>;
            test_server(TestServer) -> ServerAnswer;
            connect_server(ConnectServer) -> ServerConnected;
            registry_users(RecentId) -> RegistryUsers;
            open_as(OpenAs) -> OpenRegistry;
            open_recent(RecentId) -> OpenRegistry;
            forget_recent(RecentId) -> RecentRegistries;
            recent_registries(Nothing) -> RecentRegistries;
            make_demo(TaskId) -> OpenRegistry;
            close_registry(Nothing) -> Nothing;
            refresh_registry(Nothing) -> OpenRegistry;
            keep_for(KeptFor) -> OpenRegistry;
            choose_project(ProjectChoice) -> OpenRegistry;
            act_as(ActAs) -> OpenRegistry;
            data_roots(Nothing) -> DataRoots;
            locate_data_root(DataRootId) -> DataRoots;
            check_data_root(DataRootId) -> RootCheck;
            test_bucket(TestBucket) -> RootCheck;
            use_bucket(UseBucket) -> BucketUsed;

            browse(Nothing) -> BrowseState;
            tree_window(RowRange) -> TreeWindow;
            set_filter(FilterInput) -> BrowseState;
            set_contents(ContentsInput) -> BrowseState;
            check(CheckInput) -> BrowseState;
            check_rows(CheckRows) -> BrowseState;
            check_matching(CheckMatching) -> BrowseState;
            keep_complete(Nothing) -> BrowseState;
            clear_selection(Nothing) -> BrowseState;
            undo(Nothing) -> BrowseState;
            redo(Nothing) -> BrowseState;
            expand(ExpandInput) -> BrowseState;
            expand_all(ExpandAll) -> BrowseState;
            expand_beside(RowPlace) -> BrowseState;
            locate(RowPlace) -> Located;
            find(FindInput) -> Found;
            match_list(PastedList) -> ListMatch;
            open_list(Nothing) -> Option<ListMatch>;
            use_list(UseList) -> BrowseState;
            completeness(CompletenessInput) -> CompletenessPage;
            cohorts(Nothing) -> Cohorts;
            save_cohort(NewCohort) -> Cohorts;
            apply_cohort(CohortId) -> CohortApplied;
            delete_cohort(CohortId) -> Cohorts;

            destination(Nothing) -> Destination;
            choose_destination(Nothing) -> Option<Destination>;
            suggest_name(Nothing) -> SuggestedName;
            plan_export(PlanInput) -> ExportPlan;
            preview(PreviewInput) -> ArchivePreview;
            create_export(CreateExport) -> ExportRow;

            exports(Nothing) -> ExportRows;
            source_exports(Nothing) -> SourceExports;
            export_details(ExportId) -> DatasetExport;
            cancel_export(ExportId) -> ExportRow;
            restart_export(ExportTask) -> ExportRow;
            export_again(ExportAgain) -> ExportRow;
            verify_export(ExportTask) -> Verification;
            save_copy(ExportTask) -> Option<Saved>;
            show_in_folder(ExportId) -> Nothing;
            copy_text(CopyText) -> Nothing;
            locate_archive(ExportTask) -> Option<ExportRow>;
            trash_archive(ExportId) -> ExportRow;
            remove_export(ExportId) -> Nothing;
            restore_export(ExportId) -> ExportRow;
            save_problems(ExportId) -> Option<Saved>;

            studies_state(TaskId) -> StudiesState;
            studies_query(StudiesQuery) -> StudiesState;
            studies_rows(RowRange) -> StudyWindow;
            studies_values(StudyValuesInput) -> StudyValuesFound;
            studies_summary(Nothing) -> StudiesSummary;
            studies_select(StudiesSelect) -> StudiesState;
            studies_copy(StudiesCopy) -> StudiesCopied;
            studies_columns(StudyColumns) -> StudyColumns;
            studies_export(StudiesExport) -> Option<ExportRow>;
            studies_to_patients(StudiesToPatients) -> StudiesPatients;
            import_studies(ImportStudies) -> Option<StudiesImported>;
            forget_studies(Nothing) -> Nothing;
            import_record_numbers(Nothing) -> Option<RecordNumbersReport>;
            remove_record_numbers(Nothing) -> Nothing;
            copy_rejected(Nothing) -> Nothing;
            save_rejected(Nothing) -> Option<Saved>;
            studies_copy_unmatched(Nothing) -> Nothing;

            settings(Nothing) -> SettingsView;
            set_preferences(Preferences) -> Preferences;
            set_limits(LimitsInput) -> SettingsView;
            test_notification(Nothing) -> NotificationState;
            open_log_folder(Nothing) -> Nothing;

            running_tasks(Nothing) -> RunningTasks;
            cancel_task(TaskId) -> Nothing;
            quit(QuitInput) -> Nothing;
        }
    };
}
