BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO "_sqlx_migrations" VALUES(1,'accounts','2026-11-30 14:44:33',1,X'F4FF94D4ABB23BF00075E5EE3F2853B2E03B7E999DB46D64A0383CEF4B1E678D161947BD4868C8568341C7A0C30F49C4',1793953);
INSERT INTO "_sqlx_migrations" VALUES(2,'rooms','2026-11-30 14:44:33',1,X'C677890A26ED500CC702B42AEDC2FA959B71B48B7AFB4E094EAAA8ABBB11E35D246FA0417DB56C30638FE9724AFA7454',3494748);
INSERT INTO "_sqlx_migrations" VALUES(3,'messages','2026-11-30 14:44:33',1,X'13B1320168EA9E9CB9402499E569DCA68BBBF2BFAFA86BFE909EC6EE19BDE506B7608692A204FAEABAB0CB94FA130F92',1306089);
INSERT INTO "_sqlx_migrations" VALUES(4,'presence','2026-11-30 14:44:33',1,X'B4793F75BFF880CB937FF36206774423A991C4F9E9F031DA9BD94FA78B5D73A602B1E3EC8D015C383437220B95BD59A9',2096012);
INSERT INTO "_sqlx_migrations" VALUES(5,'messages','2026-11-30 14:44:33',1,X'4A4FD0DBFE8C8F5866355CB330F1ACA4C7D7C1386DA1B561F28BBFD81C7CFEFC463C6F775328EEF4455D3BDAB181CC1A',4862579);
INSERT INTO "_sqlx_migrations" VALUES(6,'conversations','2026-11-30 14:44:33',1,X'9C7AFCAAD54E6B0D44310D3464C0C1926CCD2E41A18F50BEB01A296D327DCC819DDA19768FAC7173F87CA37B5F6FDD20',3858399);
INSERT INTO "_sqlx_migrations" VALUES(7,'threads','2026-11-30 14:44:33',1,X'3DE697860170F37A9A1E6F7D20EC65090D16D585CF2375423FA25E2EFA213049BBB1A3A946B5A21BF3CCDAE40DC0FD76',2711316);
INSERT INTO "_sqlx_migrations" VALUES(8,'receipts','2026-11-30 14:44:33',1,X'F0BC091D71C24CB69176252816CBD8410FC02A11AF06BE9233D3AC35815BC0DC0B10FFD80B46032E2397399DC717534D',8393402);
INSERT INTO "_sqlx_migrations" VALUES(9,'invites','2026-11-30 14:44:33',1,X'94ED86D64710AE9183F1F1EFC81413085F7BA8D1F2B4E237517C3805D9A77F45454C87A923AE0D2F4062CC9C5B900537',3185790);
INSERT INTO "_sqlx_migrations" VALUES(10,'files','2026-11-30 14:44:33',1,X'B4DF8B0BE5C98B3475398930ED2B9F7BF6D8137B1B7D1A08F8936619730E5339D9CF867CB90476960FFE87D037B78C39',3418475);
INSERT INTO "_sqlx_migrations" VALUES(11,'search','2026-11-30 14:44:33',1,X'B05D431A57806726D9FB4A10257272058EF21E7124CA377062DB83D3A229F0BB5C781C000DA03B1667AA40B48E923BFB',1188134);
INSERT INTO "_sqlx_migrations" VALUES(12,'roles','2026-11-30 14:44:33',1,X'BA5BC8952C0684EFC7E93113553CF513BCEE510BD2D213EC5C869F65A4D2F8885A1EDA33B05D80D6F0DEFA3A15DFEFE5',6109130);
INSERT INTO "_sqlx_migrations" VALUES(13,'steady clock','2026-11-30 14:44:33',1,X'82D63B74C52BF03B3864E8FC9F505FD9C257D54B0CADF2ADB7AECFA0AF12B126C7F19AA04377C2B55127896AA699C632',1768365);
INSERT INTO "_sqlx_migrations" VALUES(14,'server lease','2026-11-30 14:44:33',1,X'62F08B9C79FE2B5DBA599AFE214EAA8052351C57813FD2797E5FD92731D9EE05F4CF97A5644382E7E459F748EC75D3C5',3077419);
INSERT INTO "_sqlx_migrations" VALUES(15,'file identity','2026-11-30 14:44:33',1,X'F858A4C56F5539C085E08B909E77F16F3A26833C8D49D6F22B41F84D7EF29910A3490868D44451F1F9B9097539927E19',3366809);
INSERT INTO "_sqlx_migrations" VALUES(16,'sign in','2026-11-30 14:44:33',1,X'45151E009A2C61A0333104EC9063E3F42395478EDFC99E89074EDED1F5539E840DA1C44A4718479C12AC234827F877AE',5090288);
INSERT INTO "_sqlx_migrations" VALUES(17,'moderation','2026-11-30 14:44:33',1,X'996E191AD17DC36902677F629FEC8C7EB4449FD3B3A9DB2FA5CCEA2E6D39AAAAEFCA3FD70588D59499F0353DD7117ECE',6414273);
INSERT INTO "_sqlx_migrations" VALUES(18,'folding','2026-11-30 14:44:33',1,X'6269CAEBB09A67E52ECEA6C59B18E05113814B33C6FF5BB89EE5BAA2EBEF3C0C510BBCE35FC3B872F27FF046C2E346D1',1226832);
CREATE TABLE attachments (
    room_id        blob    not null,
    seq            integer not null,
    place          integer not null, -- order in the message, from 0
    file_id        blob    not null,
    primary key (room_id, seq, place)
) strict, without rowid;
INSERT INTO "attachments" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',13,0,X'01A22CEA3C4175C7B6305AA8F58EFA6A');
CREATE TABLE blocks (
    user_id    blob    not null,
    blocked_id blob    not null,
    since_us   integer not null,
    primary key (user_id, blocked_id)
) strict, without rowid;
INSERT INTO "blocks" VALUES(X'01A22CEA2D2270D8B23B91FB0D4CBE46',X'01A22CEA2EE473CEB62A675CD7FC33F7',1796049880677688);
CREATE TABLE connections (
    id           blob    not null primary key,
    node_id      blob    not null,
    user_id      blob    not null,
    away         integer not null, -- 1: this one is idle
    connected_us integer not null
) strict;
CREATE TABLE files (
    id             blob    not null primary key, -- of its upload, if it had one
    uploader_id    blob    not null,
    kind           integer not null, -- 0 being removed, 1 uploaded, 2 photo of its uploader, 3 picture of a room
    room_id        blob    null,     -- whose picture it is
    name           text    not null,
    content_type   text    not null,
    thumbnail_type text    null, -- null: none
    bytes          integer not null,
    width          integer null,     -- of an image
    height         integer null,
    created_us     integer not null,
    -- When to look whether anything refers to it; null: something does. Only
    -- a hint for the collector, which looks before it deletes.
    check_us       integer null
) strict;
INSERT INTO "files" VALUES(X'01A22CEA3C4175C7B6305AA8F58EFA6A',X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,NULL,'notes.txt','text/plain',NULL,20,NULL,NULL,1796049878494075,NULL);
CREATE TABLE invite_uses (
    code    text    not null,
    user_id blob    not null,
    used_us integer not null,
    primary key (code, user_id)
) strict, without rowid;
INSERT INTO "invite_uses" VALUES('YZPpnuyPUXsswXngXXTSpewt',X'01A22CEA42AB747D94F065507ADB796E',1796049879722999);
CREATE TABLE invites (
    code       text    not null primary key,
    room_id    blob    not null,
    creator_id blob    not null,
    created_us integer not null,
    expires_us integer null,
    max_uses   integer not null, -- 0: any number
    revoked_us integer null
) strict;
INSERT INTO "invites" VALUES('YZPpnuyPUXsswXngXXTSpewt',X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA2BD8719389307C7AD7FB1526',1796049879469252,NULL,3,NULL);
CREATE TABLE marks (
    room_id  blob    not null,
    user_id  blob    not null,
    read_seq integer not null, delivered_seq integer not null default 0, unread_from_seq integer not null default 0, shown_read_seq integer not null default 0, shown_delivered_seq integer not null default 0,
    primary key (room_id, user_id)
) strict, without rowid;
INSERT INTO "marks" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',X'01A22CEA2BD8719389307C7AD7FB1526',1,1,0,1,1);
INSERT INTO "marks" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',X'01A22CEA2D2270D8B23B91FB0D4CBE46',2,2,0,2,2);
INSERT INTO "marks" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',X'01A22CEA2EE473CEB62A675CD7FC33F7',3,3,0,3,3);
INSERT INTO "marks" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',X'01A22CEA42AB747D94F065507ADB796E',4,4,0,4,4);
INSERT INTO "marks" VALUES(X'01A22CEA29B9730292C8740520AE8E90',X'01A22CEA2BD8719389307C7AD7FB1526',1,1,0,1,1);
INSERT INTO "marks" VALUES(X'01A22CEA29B9730292C87406327EEA15',X'01A22CEA2BD8719389307C7AD7FB1526',1,1,0,1,1);
INSERT INTO "marks" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA2BD8719389307C7AD7FB1526',7,7,0,0,0);
INSERT INTO "marks" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA2D2270D8B23B91FB0D4CBE46',2,2,0,2,2);
INSERT INTO "marks" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA2EE473CEB62A675CD7FC33F7',3,3,0,3,3);
INSERT INTO "marks" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA42AB747D94F065507ADB796E',15,15,0,15,15);
CREATE TABLE members (
    room_id     blob    not null,
    user_id     blob    not null,
    role        integer not null, -- 1 member, 2 admin, 3 owner
    state       integer not null, -- 1 joined, 2 left; the row stays
    joined_us   integer not null,
    changed_seq integer not null, muted_until_us integer, floor_seq integer not null default 0,
    primary key (room_id, user_id)
) strict, without rowid;
INSERT INTO "members" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',X'01A22CEA2BD8719389307C7AD7FB1526',3,1,1796049873886388,1,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,1,1796049874219342,2,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',X'01A22CEA2EE473CEB62A675CD7FC33F7',1,1,1796049874719776,3,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',X'01A22CEA42AB747D94F065507ADB796E',1,1,1796049879728191,4,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA29B9730292C8740520AE8E90',X'01A22CEA2BD8719389307C7AD7FB1526',3,1,1796049873890996,1,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA29B9730292C87406327EEA15',X'01A22CEA2BD8719389307C7AD7FB1526',3,1,1796049873889042,1,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA2BD8719389307C7AD7FB1526',3,1,1796049875154753,1,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,1,1796049875508037,2,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA2EE473CEB62A675CD7FC33F7',1,1,1796049875790436,16,1796053480446541,0);
INSERT INTO "members" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA42AB747D94F065507ADB796E',1,1,1796049879740956,15,NULL,0);
INSERT INTO "members" VALUES(X'01A22CEA4909723BA940C77AE6956616',X'01A22CEA2BD8719389307C7AD7FB1526',3,1,1796049881354362,1,NULL,0);
INSERT INTO "members" VALUES(X'F4B0AF45A3E054B1AC01C9A4C5E06A97',X'01A22CEA2BD8719389307C7AD7FB1526',1,1,1796049880913215,1,NULL,0);
INSERT INTO "members" VALUES(X'F4B0AF45A3E054B1AC01C9A4C5E06A97',X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,1,1796049880913215,2,NULL,0);
CREATE TABLE mentions (
    room_id      blob    not null,
    user_id      blob    not null,
    seq          integer not null,
    name         text    not null, -- as it stands in the text
    mentioned_us integer not null,
    primary key (room_id, user_id, seq)
) strict, without rowid;
INSERT INTO "mentions" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',X'01A22CEA2BD8719389307C7AD7FB1526',13,'ada',1796049878881464);
CREATE TABLE message_versions (
    room_id      blob    not null,
    seq          integer not null,
    replaced_seq integer not null, -- position of the edit that replaced it
    body         text    not null,
    written_us   integer not null,
    primary key (room_id, seq, replaced_seq)
) strict, without rowid;
INSERT INTO "message_versions" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',5,6,'a slip',1796049876368557);
CREATE TABLE messages (
    room_id           blob    not null,
    seq               integer not null,
    sender_id         blob    not null,
    -- 1 text; system: 10 room created, 11 joined, 12 left, 13 renamed, 14 topic
    kind              integer not null,
    -- null for system messages, which nobody retries
    client_message_id text    null,
    body              text    not null,
    posted_us         integer not null,
    changed_seq       integer not null, reply_to_seq integer, edited_us integer, about_id blob, thread_seq integer not null default 0, attachments integer not null default 0, staff integer not null default 0,
    primary key (room_id, seq)
) strict, without rowid;
INSERT INTO "messages" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',1,X'01A22CEA2BD8719389307C7AD7FB1526',11,NULL,'',1796049873886388,1,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',2,X'01A22CEA2D2270D8B23B91FB0D4CBE46',11,NULL,'',1796049874219342,2,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',3,X'01A22CEA2EE473CEB62A675CD7FC33F7',11,NULL,'',1796049874719776,3,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',4,X'01A22CEA42AB747D94F065507ADB796E',11,NULL,'',1796049879728191,4,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA29B9730292C8740520AE8E90',1,X'01A22CEA2BD8719389307C7AD7FB1526',11,NULL,'',1796049873890996,1,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA29B9730292C87406327EEA15',1,X'01A22CEA2BD8719389307C7AD7FB1526',11,NULL,'',1796049873889042,1,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',1,X'01A22CEA2BD8719389307C7AD7FB1526',10,NULL,'',1796049875154753,1,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',2,X'01A22CEA2D2270D8B23B91FB0D4CBE46',11,NULL,'',1796049875508037,2,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',3,X'01A22CEA2EE473CEB62A675CD7FC33F7',11,NULL,'',1796049875790436,3,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',4,X'01A22CEA2BD8719389307C7AD7FB1526',1,'4a7ae7c1-c88c-4ae2-8c86-c43c16661eea','the first one',1796049876092063,12,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',5,X'01A22CEA2BD8719389307C7AD7FB1526',1,'1b449cb0-28ee-4c8d-9e66-cfc3f903bf56','the edited one',1796049876368557,6,NULL,1796049876539925,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',7,X'01A22CEA2D2270D8B23B91FB0D4CBE46',2,'d9897877-99d0-4bbd-a57e-06d61ea086c1','',1796049876827160,8,NULL,NULL,X'01A22CEA2D2270D8B23B91FB0D4CBE46',0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',11,X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,'41c11ef4-6193-4fd4-93d8-383756dcb153','an answer in its thread',1796049877868363,11,NULL,NULL,NULL,4,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',13,X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,'9c81faaf-212c-4fbe-be40-a4ccc852ba93','for @ada, with a file',1796049878881464,13,NULL,NULL,NULL,0,1,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',14,X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,'490c24db-896d-4181-b7a8-365c2733755d','the last one',1796049879095532,14,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',15,X'01A22CEA42AB747D94F065507ADB796E',11,NULL,'',1796049879740956,15,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA4909723BA940C77AE6956616',1,X'01A22CEA2BD8719389307C7AD7FB1526',10,NULL,'',1796049881354362,1,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'01A22CEA4909723BA940C77AE6956616',2,X'01A22CEA2BD8719389307C7AD7FB1526',1,'7d8c92be-587b-4a9b-b07c-df362ce36172','alone',1796049881559676,2,NULL,NULL,NULL,0,0,0);
INSERT INTO "messages" VALUES(X'F4B0AF45A3E054B1AC01C9A4C5E06A97',3,X'01A22CEA2BD8719389307C7AD7FB1526',1,'2bae0248-7d3e-448f-9834-58f6e46ccbb6','between the two',1796049881135195,3,NULL,NULL,NULL,0,0,0);
CREATE TABLE nodes (
    id       blob    not null primary key,
    lease_us integer not null -- good until
) strict;
CREATE TABLE pins (
    room_id   blob    not null,
    seq       integer not null,
    user_id   blob    not null,
    pinned_us integer not null,
    primary key (room_id, seq)
) strict, without rowid;
INSERT INTO "pins" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',4,X'01A22CEA2BD8719389307C7AD7FB1526',1796049877645600);
CREATE TABLE reactions (
    room_id    blob    not null,
    seq        integer not null,
    emoji      text    not null,
    user_id    blob    not null,
    reacted_us integer not null,
    primary key (room_id, seq, emoji, user_id)
) strict, without rowid;
INSERT INTO "reactions" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',4,'👍',X'01A22CEA2D2270D8B23B91FB0D4CBE46',1796049877401106);
CREATE TABLE recovery_links (
    user_id    blob    not null primary key,
    token_hash blob    not null, -- SHA-256
    expires_us integer not null
) strict;
INSERT INTO "recovery_links" VALUES(X'01A22CEA42AB747D94F065507ADB796E',X'203101AEB319EBA19C60D61A331E2A653D8343E30E2492919A1E1599DC87E4B3',1796136280230726);
CREATE TABLE room_settings (
    user_id        blob    not null,
    room_id        blob    not null,
    level          integer not null, -- 1 all, 2 mentions, 3 nothing
    muted_until_us integer null,
    starred        integer not null,
    primary key (user_id, room_id)
) strict, without rowid;
INSERT INTO "room_settings" VALUES(X'01A22CEA42AB747D94F065507ADB796E',X'01A22CEA30D276539D1CE16838B7C54D',1,NULL,1);
CREATE TABLE rooms (
    id          blob    not null primary key,
    kind        integer not null, -- 1 public
    name        text    not null,
    name_key    text    not null, -- folded
    topic       text    not null,
    topic_key   text    not null, -- folded
    creator_id  blob    null,
    created_us  integer not null,
    head_seq    integer not null, -- the newest position taken in this room
    changed_seq integer not null -- position of the last change of the settings
, archived_us integer, direct_a blob, direct_b blob, history integer not null default 1, picture_id blob, join_new_accounts integer not null default 0) strict;
INSERT INTO "rooms" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',1,'General','general','Whatever concerns everyone','whatever concerns everyone',NULL,1796049873337079,4,0,NULL,NULL,NULL,1,NULL,1);
INSERT INTO "rooms" VALUES(X'01A22CEA29B9730292C8740520AE8E90',1,'Technology','technology','Machines, programs, networks','machines, programs, networks',NULL,1796049873337079,1,0,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "rooms" VALUES(X'01A22CEA29B9730292C87406327EEA15',1,'Random','random','Everything else','everything else',NULL,1796049873337079,1,0,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "rooms" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',1,'Workshop','workshop','Wood and glue','wood and glue',X'01A22CEA2BD8719389307C7AD7FB1526',1796049875154149,16,1,NULL,NULL,NULL,1,NULL,0);
INSERT INTO "rooms" VALUES(X'F4B0AF45A3E054B1AC01C9A4C5E06A97',3,'','','','',X'01A22CEA2BD8719389307C7AD7FB1526',1796049880912528,3,1,NULL,X'01A22CEA2BD8719389307C7AD7FB1526',X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,NULL,0);
INSERT INTO "rooms" VALUES(X'01A22CEA4909723BA940C77AE6956616',2,'Cellar','cellar','','',X'01A22CEA2BD8719389307C7AD7FB1526',1796049881353575,2,1,NULL,NULL,NULL,1,NULL,0);
CREATE TABLE search_positions (
    room_id     blob    not null primary key,
    indexed_seq integer not null
) strict, without rowid;
INSERT INTO "search_positions" VALUES(X'01A22CEA29B9730292C874042F3AFCB8',4);
INSERT INTO "search_positions" VALUES(X'01A22CEA29B9730292C8740520AE8E90',1);
INSERT INTO "search_positions" VALUES(X'01A22CEA29B9730292C87406327EEA15',1);
INSERT INTO "search_positions" VALUES(X'01A22CEA30D276539D1CE16838B7C54D',16);
INSERT INTO "search_positions" VALUES(X'01A22CEA4909723BA940C77AE6956616',1);
INSERT INTO "search_positions" VALUES(X'F4B0AF45A3E054B1AC01C9A4C5E06A97',3);
CREATE TABLE search_segments (
    id        integer not null primary key, -- grows with time
    room_id   blob    not null,
    number    integer not null, -- position / 256
    oldest_us integer not null, -- its messages were posted from then
    newest_us integer not null  -- to then
) strict;
INSERT INTO "search_segments" VALUES(1883294794989544597,X'01A22CEA30D276539D1CE16838B7C54D',0,1796049876092063,1796049879095532);
INSERT INTO "search_segments" VALUES(1883294800279361836,X'F4B0AF45A3E054B1AC01C9A4C5E06A97',0,1796049881135195,1796049881135195);
CREATE TABLE search_terms (
    segment_id integer not null,
    term       blob    not null, -- folded UTF-8; first byte 1: sender, 2: has a file
    seq        integer not null,
    posted_us  integer not null,
    primary key (segment_id, term, seq)
) strict, without rowid;
INSERT INTO "search_terms" VALUES(1883294794989544597,X'0101A22CEA2BD8719389307C7AD7FB1526',4,1796049876092063);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'0101A22CEA2BD8719389307C7AD7FB1526',5,1796049876368557);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'0101A22CEA2D2270D8B23B91FB0D4CBE46',11,1796049877868363);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'0101A22CEA2D2270D8B23B91FB0D4CBE46',13,1796049878881464);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'0101A22CEA2D2270D8B23B91FB0D4CBE46',14,1796049879095532);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'02',13,1796049878881464);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'61',13,1796049878881464);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'616461',13,1796049878881464);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'616E',11,1796049877868363);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'616E73776572',11,1796049877868363);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'656469746564',5,1796049876368557);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'66696C65',13,1796049878881464);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'6669727374',4,1796049876092063);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'666F72',13,1796049878881464);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'696E',11,1796049877868363);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'697473',11,1796049877868363);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'6C617374',14,1796049879095532);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'6F6E65',4,1796049876092063);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'6F6E65',5,1796049876368557);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'6F6E65',14,1796049879095532);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'746865',4,1796049876092063);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'746865',5,1796049876368557);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'746865',14,1796049879095532);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'746872656164',11,1796049877868363);
INSERT INTO "search_terms" VALUES(1883294794989544597,X'77697468',13,1796049878881464);
INSERT INTO "search_terms" VALUES(1883294800279361836,X'0101A22CEA2BD8719389307C7AD7FB1526',3,1796049881135195);
INSERT INTO "search_terms" VALUES(1883294800279361836,X'6265747765656E',3,1796049881135195);
INSERT INTO "search_terms" VALUES(1883294800279361836,X'746865',3,1796049881135195);
INSERT INTO "search_terms" VALUES(1883294800279361836,X'74776F',3,1796049881135195);
CREATE TABLE server_lease (
    id         integer not null primary key, -- always 1
    holder     blob    not null,
    name       text    not null, -- where the holder runs, for people
    renewed_us integer not null, -- the last heartbeat
    expires_us integer not null
) strict;
CREATE TABLE sessions (
    id           blob    not null primary key,
    user_id      blob    not null,
    generation   integer not null, -- of the refresh token that is good now
    rotated_us   integer not null, -- when that one was made
    idle_us      integer not null, -- how long the refresh token stays good
    created_us   integer not null,
    last_used_us integer not null,
    expires_us   integer not null,
    revoked_us   integer null,
    device       text    not null,
    address      text    not null
) strict;
INSERT INTO "sessions" VALUES(X'01A22CEA2BD8719389307C7B7A4BEDED',X'01A22CEA2BD8719389307C7AD7FB1526',1,1796049873880039,2592000000000,1796049873880039,1796049873880039,1798641873880039,NULL,'','127.0.0.1');
INSERT INTO "sessions" VALUES(X'01A22CEA2D2270D8B23B91FC0AC82CE7',X'01A22CEA2D2270D8B23B91FB0D4CBE46',1,1796049874210425,2592000000000,1796049874210425,1796049874210425,1798641874210425,NULL,'','127.0.0.1');
INSERT INTO "sessions" VALUES(X'01A22CEA2EE473CEB62A675D9F779C0F',X'01A22CEA2EE473CEB62A675CD7FC33F7',1,1796049874660705,2592000000000,1796049874660705,1796049874660705,1798641874660705,NULL,'','127.0.0.1');
INSERT INTO "sessions" VALUES(X'01A22CEA42AB747D94F0655127E43BF9',X'01A22CEA42AB747D94F065507ADB796E',1,1796049879722999,2592000000000,1796049879722999,1796049879722999,1798641879722999,NULL,'','127.0.0.1');
CREATE TABLE store (
    id       integer not null primary key, -- always 1
    epoch    blob    not null              -- names the data; new after a restore
, steady_us integer not null default 0, file_inode integer null, file_birth_us integer null, sign_up_policy integer null, folding integer not null default 0) strict;
INSERT INTO "store" VALUES(1,X'B84AD14CF2B74EE9BF67CAE8852C59BF',1796049881575303,10010873,1796049873227861,NULL,1);
CREATE TABLE thread_marks (
    user_id    blob    not null,
    room_id    blob    not null,
    thread_seq integer not null,
    read_seq   integer not null,
    follows    integer not null, -- 1: its unread answers count
    primary key (user_id, room_id, thread_seq)
) strict, without rowid;
INSERT INTO "thread_marks" VALUES(X'01A22CEA2BD8719389307C7AD7FB1526',X'01A22CEA30D276539D1CE16838B7C54D',4,4,1);
INSERT INTO "thread_marks" VALUES(X'01A22CEA2D2270D8B23B91FB0D4CBE46',X'01A22CEA30D276539D1CE16838B7C54D',4,11,1);
CREATE TABLE upload_chunks (
    upload_id      blob    not null,
    first_byte     integer not null,
    bytes          integer not null,
    object         blob    not null,
    primary key (upload_id, first_byte)
) strict, without rowid;
CREATE TABLE uploads (
    id             blob    not null primary key,
    user_id        blob    not null,
    name           text    not null,
    bytes          integer not null, -- as announced
    received       integer not null,
    touched_us     integer not null
) strict;
INSERT INTO "uploads" VALUES(X'01A22CEA40E075159A75171586DFBF08',X'01A22CEA2D2270D8B23B91FB0D4CBE46','unfinished.txt',10,0,1796049879263832);
CREATE TABLE user_emails (
    user_id blob not null primary key,
    email   text not null
) strict;
INSERT INTO "user_emails" VALUES(X'01A22CEA2BD8719389307C7AD7FB1526','ada@example.org');
CREATE TABLE users (
    id               blob    not null primary key,
    username         text    not null,
    username_key     text    not null, -- folded
    display_name     text    not null,
    display_name_key text    not null, -- folded; folding may lengthen
    bio              text    not null,
    status_text      text    not null,
    password_hash    text    not null, -- PHC string
    server_role      integer not null, -- 1 user, 2 moderator, 3 admin
    presence_choice  integer not null, -- 0 automatic, 1 do not disturb, 2 invisible
    last_seen_us     integer null,     -- null: never connected
    created_us       integer not null
, read_receipts integer not null default 1, photo_id blob, password_mapped integer not null default 0, password_generation integer not null default 0, suspended_us integer null) strict;
INSERT INTO "users" VALUES(X'01A22CEA2BD8719389307C7AD7FB1526','ada','ada','Ada Zoë','ada zoe','','','$argon2id$v=19$m=19456,t=2,p=1$RTcBbLtzyWtT0T0za/JDNQ$cBCYeNC5oxeFsJU2rzvi24f3I8VRgiNYHevNqkOTGUM',3,0,NULL,1796049873880039,1,NULL,1,0,NULL);
INSERT INTO "users" VALUES(X'01A22CEA2D2270D8B23B91FB0D4CBE46','bob','bob','bob','bob','','','$argon2id$v=19$m=19456,t=2,p=1$+cHzy/os2khmHAGEj6AhzQ$P9qpO808fl8CLSGOWXRCDYys9us5Z/hlgd6FmTwRezY',1,0,NULL,1796049874210425,1,NULL,1,0,NULL);
INSERT INTO "users" VALUES(X'01A22CEA2EE473CEB62A675CD7FC33F7','eve','eve','eve','eve','','','$argon2id$v=19$m=19456,t=2,p=1$uC3drBOlh3FIHuf1lJOLeA$hDpvfDhZCKFw3QVRyYFrD8e9VIUtuUEYAHZPo+1l53I',1,0,NULL,1796049874660705,1,NULL,1,0,NULL);
INSERT INTO "users" VALUES(X'01A22CEA42AB747D94F065507ADB796E','joe','joe','joe','joe','','','$argon2id$v=19$m=19456,t=2,p=1$hPlOBgeAYk87h9qeSAlCVw$jSNbEPhahGeUiIYoy0fwWOI7AlX8e9H8GsSjfCEnEMY',1,0,NULL,1796049879722999,1,NULL,1,0,NULL);
CREATE UNIQUE INDEX users_username on users (username_key);
CREATE INDEX users_display_name on users (display_name_key);
CREATE INDEX sessions_user on sessions (user_id);
CREATE INDEX sessions_revoked on sessions (revoked_us);
CREATE INDEX sessions_expires on sessions (expires_us);
CREATE INDEX rooms_directory on rooms (kind, name_key);
CREATE INDEX members_user on members (user_id, state);
CREATE INDEX members_state on members (room_id, state, role);
CREATE INDEX members_changed on members (room_id, changed_seq);
CREATE UNIQUE INDEX messages_client on messages (room_id, sender_id, client_message_id);
CREATE INDEX messages_changed on messages (room_id, changed_seq);
CREATE INDEX connections_user on connections (user_id);
CREATE INDEX connections_node on connections (node_id);
CREATE INDEX messages_thread on messages (room_id, thread_seq, seq, kind);
CREATE INDEX mentions_message on mentions (room_id, seq);
CREATE INDEX mentions_user on mentions (user_id, mentioned_us);
CREATE INDEX marks_read on marks (room_id, read_seq);
CREATE INDEX invites_room on invites (room_id);
CREATE INDEX files_room on files (room_id);
CREATE INDEX files_uploader on files (uploader_id, bytes);
CREATE INDEX files_check on files (check_us);
CREATE INDEX uploads_user on uploads (user_id);
CREATE INDEX uploads_touched on uploads (touched_us);
CREATE INDEX attachments_file on attachments (file_id);
CREATE UNIQUE INDEX search_segments_number on search_segments (room_id, number);
CREATE INDEX search_segments_newest on search_segments (room_id, newest_us);
CREATE INDEX users_role on users (server_role, username_key);
CREATE UNIQUE INDEX recovery_links_token on recovery_links (token_hash);
CREATE INDEX blocks_blocked on blocks (blocked_id, user_id);
COMMIT;
