// The texts of what one sees first, in English; `en.deferred.ts` has the others, and
// each other language all of them in one file. Where a number decides the form, `other` and the
// forms that a language has (Intl.PluralRules) stand beside each other.

import type { Plural } from "./catalogue";

export const en = {
  appName: "Causerie",

  // Signing in
  register: "Create account",
  signOut: "Sign out",
  signedOut: "Your session has ended. Please sign in again.",

  // Rooms
  rooms: "Rooms",
  noRooms: "You haven’t joined any rooms yet.",
  browseRooms: "Browse rooms",
  createRoom: "Create a room",
  members: { one: "{count} member", other: "{count} members" } as Plural,
  online: { other: "{count} online" } as Plural,
  showMembers: "Show members",
  hideMembers: "Hide members",
  owner: "Owner",
  admin: "Admin",
  you: "you",
  youSender: "You",
  back: "Back",
  unread: { one: "{count} unread message", other: "{count} unread messages" } as Plural,
  draft: "Draft",
  noMessages: "No messages yet",
  directMessages: "Direct messages",
  newDirect: "New direct message",
  noDirect: "No direct messages yet.",
  notesHint: "Only you can see this.",
  message: "Message",
  privateRoom: "Private room",
  roomArchived: "This room is archived. You can read it, but no one can post.",
  archivedRoom: "Archived",
  mutedInRoomUntil: "You’re muted in this room until {time}.",
  MUTED: "You’re muted in this room.",
  mutedRoom: "Muted",

  // Directory
  directory: "Room directory",

  // Timeline
  timelineOf: "Messages in {room}",
  tryAgain: "Try again",
  roomBegins: "This is the beginning of {room}.",
  directBegins: "This is the beginning of your messages with {name}.",
  notesBegin: "This is the beginning of your notes.",
  emptyRoom: "No messages yet. Say hello!",
  newMessages: "New messages",
  jumpToDate: "Jump to date",
  jump: "Jump",
  date: "Date",
  today: "Today",
  yesterday: "Yesterday",
  sending: "Sending…",
  notStored: "This message couldn’t be saved on this device because its storage is full. Keep this page open until the message is sent.",
  waitingForConnection: "Will send when you’re back online",
  notSent: "Not sent.",
  unsent: "Unsent messages",
  sendAgain: "Send again",
  discard: "Discard",
  copyCode: "Copy code",
  copied: "Copied",
  mentions: "Mentions",
  unreadMentions: { one: "{count} message mentions you", other: "{count} messages mention you" } as Plural,
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  thread: "Thread",
  markedUnread: "Marked as unread",
  unreadThreads: "Unread thread replies",
  replies: { one: "{count} reply", other: "{count} replies" } as Plural,
  searchMessages: "Search messages",
  files: "Files",
  attach: "Attach files",
  download: "Download",
  messageDeleted: "Message deleted",
  edited: "edited",
  pin: "Pin",
  pinned: "Pinned",
  pins: "Pinned messages",
  versions: "Edit history",
  goToQuotedMessage: "Go to the quoted message",
  blockedMessage: "Message from someone you blocked.",
  show: "Show",
  emoji: "Emoji",
  unknownMessage: "This message requires a newer version of Causerie.",
  sysCreated: "{name} created the room",
  sysJoined: "{name} joined",
  sysLeft: "{name} left",
  sysRenamed: "{name} renamed the room to “{detail}”",
  sysTopic: "{name} changed the topic to “{detail}”",
  sysTopicCleared: "{name} removed the topic",
  sysAdded: "{name} added {other}",

  // Composer
  writeTo: "Message {room}",
  send: "Send",

  // Connection
  connecting: "Connecting…",
  offline: "You’re offline. Messages will be sent when you reconnect.",
  reload: "Reload",
  newVersion: "A new version of Causerie is available.",

  // People
  presenceOnline: "Online",
  presenceAway: "Away",
  presenceDoNotDisturb: "Do not disturb",
  presenceInvisible: "Invisible",
  presenceOffline: "Offline",
  lastSeen: "Last seen {time}",
  profileOf: "{name}’s profile",
  accountMenu: "Your account",
  setStatus: "Set a status",
  administration: "Administration",

  // Settings
  settings: "Settings",
  save: "Save",
  theme: "Theme",

  // Palette and shortcuts
  palette: "Command palette",
  shortcuts: "Keyboard shortcuts",

  // Where there is no page
  notFound: "Page not found.",

  // Of use everywhere
  close: "Close",
  loading: "Loading…",
  home: "Go to your rooms",
  colon: ": ",
  skipToMessages: "Skip to messages",

  // When there is no better word for it
  unavailable: "Can’t reach the server. Please try again.",
  failed: "Something went wrong. Please try again.",
  more: "Show more",
};
