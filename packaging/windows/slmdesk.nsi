; The installer for Windows: for one person, without an administrator; `slmdesk-…-setup.exe /S` asks nothing.  pack.py calls makensis.
; FOLDER: the frozen program; REMOVE: a file with the lines that remove what is in it; VERSION, KILOBYTES, OUT.
!ifdef TARGET
Target ${TARGET}  ; Debian has stubs of 64 bits; wine64 runs no others
!endif
Unicode true
Name "slmdesk"
OutFile "${OUT}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\slmdesk"  ; the home is $LOCALAPPDATA\slmdesk
SetCompressor /SOLID lzma
BrandingText " "
ShowInstDetails nevershow
ShowUninstDetails nevershow
LoadLanguageFile "${NSISDIR}\Contrib\Language files\English.nlf"
LoadLanguageFile "${NSISDIR}\Contrib\Language files\German.nlf"
LangString OPEN ${LANG_ENGLISH} "slmdesk is open. Close it, then try again."
LangString OPEN ${LANG_GERMAN} "slmdesk ist geöffnet. Schließen Sie es, und versuchen Sie es noch einmal."
LangString KEPT ${LANG_ENGLISH} "slmdesk is removed. Your chats, documents and models stay in $LOCALAPPDATA\slmdesk."
LangString KEPT ${LANG_GERMAN} "slmdesk ist entfernt. Ihre Chats, Dokumente und Modelle bleiben in $LOCALAPPDATA\slmdesk."
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\slmdesk"

!macro REFUSE_WHILE_OPEN
  again:
  IfFileExists "$INSTDIR\slmdesk.exe" 0 closed
  ClearErrors
  FileOpen $0 "$INSTDIR\slmdesk.exe" a  ; Windows lets nobody write to a program that runs
  IfErrors 0 free
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(OPEN)" /SD IDCANCEL IDRETRY again
  SetErrorLevel 2
  Abort
  free:
  FileClose $0
  closed:
!macroend

Section
  !insertmacro REFUSE_WHILE_OPEN
  RMDir /r "$INSTDIR\_internal"  ; of an earlier version
  SetOutPath "$INSTDIR"
  File /r "${FOLDER}\*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\slmdesk.lnk" "$INSTDIR\slmdesk.exe"
  WriteRegStr HKCU "${KEY}" "DisplayName" "slmdesk"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\slmdesk.exe"
  WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
SectionEnd

Section Uninstall
  !insertmacro REFUSE_WHILE_OPEN
  SetOutPath "$TEMP"
  !include "${REMOVE}"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"  ; not with files that are not ours
  Delete "$SMPROGRAMS\slmdesk.lnk"
  DeleteRegKey HKCU "${KEY}"
  MessageBox MB_OK "$(KEPT)" /SD IDOK
SectionEnd
