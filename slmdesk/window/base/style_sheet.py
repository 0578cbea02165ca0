"""The application's one style sheet, a function for each part of the window.

Colours, fonts and distances come from `theme`.
"""

from __future__ import annotations

from slmdesk.window.base.theme import CONTROL_RADIUS, RADIUS, SCROLL_BAR, Fonts, Theme


def style_sheet(theme: Theme, fonts: Fonts) -> str:
    """Widgets are selected by class, objectName or the property `kind`; of rules of equal weight the later holds."""
    t = theme
    parts = (
        _base(t, fonts),
        _bars(t, fonts),
        _panels(t),
        _chat(t),
        _translator(t),
        _compare(t),
        _frames(t),
        _buttons(t, fonts),
        _labels(t, fonts),
        _fields(t, fonts),
        _tables(t),
    )
    return "".join(parts)


def _base(t: Theme, fonts: Fonts) -> str:
    focus = f"border: 2px solid {t.accent};"
    return f"""
    QToolTip {{ background: {t.raised}; color: {t.text}; border: {t.separator};
        padding: 4px 8px; font-size: {fonts.points(0.9)}pt; }}
    QMenu {{ background: {t.surface}; color: {t.text}; border: {t.separator}; padding: 4px; }}
    QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: {CONTROL_RADIUS}px; }}
    QMenu::item:selected {{ background: {t.raised}; color: {t.text}; }}
    QMenu::item:disabled {{ color: {t.muted}; }}
    QMenu::separator {{ height: {t.line_width}px; background: {t.line}; margin: 4px 8px; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QPushButton {{ background: {t.raised}; color: {t.text}; border: 2px solid {t.raised};
        border-radius: {CONTROL_RADIUS}px; padding: 4px 12px; }}
    QPushButton:hover {{ border-color: {t.line}; }}
    QPushButton:focus {{ {focus} }}
    QPushButton:disabled {{ color: {t.muted}; }}
    QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; }}
    QPushButton[kind="primary"]:focus {{ border-color: {t.text}; }}
    QPushButton[kind="primary"]:disabled {{ background: {t.raised}; color: {t.muted}; border-color: {t.raised}; }}
    #newest_button {{ background: {t.surface}; border: {t.separator}; }}
    #newest_button:hover {{ background: {t.raised}; }}
    QToolButton {{ background: transparent; color: {t.text}; border: 2px solid transparent;
        border-radius: {CONTROL_RADIUS}px; padding: 3px; }}
    QToolButton:hover, QToolButton:checked {{ background: {t.raised}; }}
    QToolButton:focus {{ {focus} }}
    QToolButton::menu-indicator {{ image: none; }}
    QScrollBar:vertical {{ background: transparent; width: {SCROLL_BAR}px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: {SCROLL_BAR}px; margin: 0; }}
    QScrollBar::handle {{ background: {t.line}; border-radius: 4px; margin: 2px; min-height: 32px; min-width: 32px; }}
    QScrollBar::handle:disabled {{ background: transparent; }}
    QScrollBar::handle:hover {{ background: {t.muted}; }}
    #conversation QScrollBar {{ background: {t.surface}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def _bars(t: Theme, fonts: Fonts) -> str:
    return f"""
    #side_bar {{ background: {t.window}; border: none; border-right: {t.separator}; }}
    #side_bar QToolButton {{ padding: 6px 4px; color: {t.muted}; font-size: {fonts.points(0.8)}pt; }}
    #side_bar QToolButton:checked {{ color: {t.text}; background: {t.raised}; }}
    #status_bar {{ background: {t.window}; border: none; border-top: {t.separator}; }}
    #status_bar QLabel {{ color: {t.muted}; font-size: {fonts.points(0.87)}pt; }}
    QPushButton[kind="status"] {{ background: transparent; border-color: transparent; color: {t.muted};
        padding: 1px 6px; font-size: {fonts.points(0.87)}pt; }}
    QPushButton[kind="status"]:hover {{ color: {t.text}; }}
    QPushButton[kind="status"][online="true"] {{ color: {t.accent}; }}
    QPushButton[kind="status"]:focus {{ border-color: {t.accent}; }}
    #full_bar {{ background: {t.raised}; border: none; border-radius: {CONTROL_RADIUS}px; }}
    #full_bar QPushButton {{ background: {t.surface}; border-color: {t.surface}; }}
    #full_bar QPushButton:hover {{ border-color: {t.line}; }}
    #full_bar QPushButton:focus {{ border-color: {t.accent}; }}
    #notice_bar {{ background: {t.raised}; border: none; border-top: {t.separator}; }}
    #notice_bar QPushButton {{ background: {t.surface}; border-color: {t.surface}; }}
    #notice_bar QPushButton:hover {{ border-color: {t.line}; }}
    #notice_bar QPushButton:focus {{ border-color: {t.accent}; }}
    """


def _panels(t: Theme) -> str:
    return f"""
    #chat_list, #document_list, #document_view, #folder_list, #hit_view, #folder_documents, #folder_overview,
    #folder_chips, #thumbnails, #dialog_area, #dialog_inner {{
        background: {t.window}; border: none;
    }}
    #documents_work, #documents_empty, #side_head, #document_pages, #document_unread {{
        background: {t.surface}; border: none; }}
    #about_document, #about_inner, #find_bar, #reading_bar, #document_side,
        #summary_pane, #summary_inner, #making_summary, #question_pane, #question_inner, #question_busy,
        #folder_question_pane, #folder_question_inner, #folder_question_busy, #folder_question_foot,
        #table_pane, #column_chooser, #column_chips, #making_table, #cell_detail, #table_setup, #table_foot,
        #versions_pane, #versions_inner, #versions_form, #versions_busy, #versions_result, #versions_bar,
        #versions_list {{ background: {t.surface}; border: none; }}
    #work, #settings_inner, #empty_inner, #first_start, #first_start_inner, #settings_page, #empty_chat, #models_page,
        #models_inner {{ background: {t.surface}; border: none; }}
    #palette_panel {{ background: {t.surface}; border: {t.separator}; border-radius: {RADIUS}px; }}
    #palette_list {{ background: {t.surface}; border: none; outline: none; }}
    #palette_line {{ background: {t.surface}; border-color: {t.surface}; padding: 4px; }}
    #network_panel, #context_parts {{ background: {t.surface}; border: {t.separator}; }}
    #context_parts_inner {{ background: {t.surface}; border: none; }}
    """


def _chat(t: Theme) -> str:
    return f"""
    #chat_view {{ background: {t.window}; border: none; }}
    #chat_panel {{ background: {t.window}; border: none; border-left: {t.separator}; }}
    #chat_panel_scroll, #chat_panel_inner {{ background: {t.window}; border: none; }}
    #chat_header {{ background: {t.surface}; border: none; border-bottom: {t.separator}; }}
    #chat_title {{ font-weight: 600; }}
    QToolButton[kind="picker"] {{ padding: 3px 8px; }}
    #composer {{ background: {t.surface}; border: 2px solid {t.line}; border-radius: {RADIUS}px; }}
    #composer[focused="true"] {{ border-color: {t.accent}; }}
    #input_box, #attachment_bar, #attachment_inner {{ background: {t.surface}; border: none; }}
    #mention_list {{ background: {t.surface}; border: {t.separator}; border-radius: {CONTROL_RADIUS}px;
        padding: 4px; outline: none; }}
    #space_editor #attachment_bar, #space_editor #attachment_inner {{ background: transparent; }}
    QFrame[kind="attachment"] {{ background: {t.raised}; border: 2px solid {t.raised};
        border-radius: {CONTROL_RADIUS}px; }}
    QFrame[kind="attachment"]:hover {{ border-color: {t.line}; }}
    QFrame[kind="attachment"]:focus {{ border-color: {t.accent}; }}
    QPushButton[kind="example"] {{ text-align: left; padding: 8px 12px; }}
    """


def _translator(t: Theme) -> str:
    return f"""
    #translate_splitter::handle, #review_splitter::handle, #writing_body::handle, #writing_work::handle
        {{ background: transparent; }}
    #writing_changes {{ background: {t.window}; border: 2px solid transparent; outline: none; }}
    #writing_changes:focus {{ border-color: {t.accent}; border-radius: {CONTROL_RADIUS}px; }}
    #writing_changes::item {{ padding: 4px; border-radius: {CONTROL_RADIUS}px; }}
    #writing_changes::item:selected {{ background: {t.raised}; color: {t.text}; }}
    #writing_scroll, #writing_inner, #suggestion_area, #suggestion_inner {{ background: {t.window}; border: none; }}
    #translation_flags {{ background: {t.window}; border: none; color: {t.warn}; }}
    #language_list, #earlier_list, #wording_list {{ background: {t.surface}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; }}
    #translation_flags::item, #language_list::item, #earlier_list::item, #wording_list::item {{ padding: 3px 4px;
        border: 1px solid transparent; }}
    #translation_flags::item:selected, #language_list::item:selected, #earlier_list::item:selected,
        #wording_list::item:selected {{ background: {t.raised}; color: {t.text}; border-color: {t.line}; }}
    #translation_flags:focus::item:selected, #earlier_list:focus::item:selected, #wording_list:focus::item:selected
        {{ border-color: {t.accent}; }}
    #language_list::item:disabled {{ color: {t.muted}; }}
    #language_popup, #sentence_frame {{ background: {t.surface}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; }}
    QListWidget[kind="list"] {{ background: {t.surface}; color: {t.text}; border: {t.separator};
        border-radius: {CONTROL_RADIUS}px; outline: none; padding: 4px; }}
    QListWidget[kind="list"]:focus {{ border-color: {t.accent}; }}
    QListWidget[kind="list"]::item {{ padding: 3px 0; }}
    QListWidget[kind="list"]::item:selected {{ background: {t.raised}; color: {t.text}; }}
    """


def _compare(t: Theme) -> str:
    return f"""
    QFrame[kind="column"] {{ background: transparent; border: none; border-right: {t.separator}; }}
    #compared_text, #compared_text > QWidget {{ background: transparent; }}
    #compared_text {{ border: 2px solid transparent; border-radius: {CONTROL_RADIUS}px; }}
    #compared_text:focus {{ border-color: {t.accent}; }}
    #compare_page, #compare_form, #compare_inner, #compare_result, #compare_columns, #compare_columns_inner {{
        background: {t.surface}; border: none; }}
    """


def _frames(t: Theme) -> str:
    return f"""
    QFrame[kind="card"] {{ background: transparent; border: none; border-bottom: {t.separator}; }}
    QFrame[kind="band"] {{ background: {t.raised}; border: none; border-radius: {RADIUS}px; }}
    QFrame[kind="band"] QPushButton {{ background: {t.surface}; border-color: {t.surface}; }}
    QFrame[kind="band"] QPushButton:hover {{ border-color: {t.line}; }}
    QFrame[kind="band"] QPushButton:focus {{ border-color: {t.accent}; }}
    QFrame[kind="row"] {{ background: transparent; border: 2px solid transparent;
        border-radius: {CONTROL_RADIUS}px; }}
    QFrame[kind="row"]:hover {{ background: {t.raised}; }}
    QFrame[kind="row"][lit="true"] {{ background: {t.raised}; border-color: {t.line}; }}
    QFrame[kind="row"]:focus {{ border-color: {t.accent}; }}
    """


def _buttons(t: Theme, fonts: Fonts) -> str:
    return f"""
    QCheckBox {{ spacing: 8px; padding: 3px; border: 2px solid transparent; border-radius: {CONTROL_RADIUS}px; }}
    QCheckBox#check_box::indicator {{ width: {round(fonts.points(1.15))}px; height: {round(fonts.points(1.15))}px; }}
    QCheckBox:focus {{ border-color: {t.accent}; }}
    QToolButton[kind="small"] {{ color: {t.muted}; font-size: {fonts.points(0.87)}pt; padding: 1px 6px; }}
    QToolButton[kind="tight"] {{ padding: 2px 0px; }}
    QToolButton[kind="tight"]::menu-indicator {{ image: none; }}
    QToolButton[kind="small"]:hover {{ color: {t.text}; }}
    QToolButton[kind="primary"] {{ background: {t.accent}; border-color: {t.accent}; padding: 4px; }}
    QToolButton[kind="primary"]:focus {{ border-color: {t.text}; }}
    QToolButton[kind="primary"]:disabled {{ background: {t.raised}; border-color: {t.raised}; }}
    QPushButton[kind="quiet"] {{ padding: 1px 8px; font-size: {fonts.points(0.87)}pt; }}
    QPushButton[kind="chip"] {{ background: {t.surface}; border: 2px solid {t.line}; padding: 2px 12px; }}
    QPushButton[kind="chip"]:checked {{ border-color: {t.accent}; }}
    QPushButton[kind="chip"]:focus {{ border-color: {t.text}; }}
    QPushButton[kind="chip"]:disabled {{ color: {t.muted}; }}
    """


def _labels(t: Theme, fonts: Fonts) -> str:
    return f"""
    QLabel[kind="figure"] {{ font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="strong"] {{ font-weight: 600; }}
    #summary_group, #summary_also {{ padding: 12px 0 4px 1px; }}
    QLabel[kind="title"] {{ font-size: {fonts.points(1.5)}pt; font-weight: 600; }}
    QLabel[kind="heading"] {{ font-size: {fonts.points(1.15)}pt; font-weight: 600; }}
    QLabel[kind="muted"] {{ color: {t.muted}; }}
    QLabel[kind="small"] {{ color: {t.muted}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="badge"] {{ background: {t.raised}; color: {t.text}; font-size: {fonts.points(0.87)}pt;
        border-radius: {CONTROL_RADIUS}px; padding: 1px 8px; }}
    QLabel[kind="warn"] {{ color: {t.warn}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="danger"] {{ color: {t.danger}; font-size: {fonts.points(0.87)}pt; }}
    QLabel[kind="drop"] {{ color: {t.muted}; border: {t.line_width}px dashed {t.muted};
        border-radius: {RADIUS}px; padding: 16px; }}
    """


def _fields(t: Theme, fonts: Fonts) -> str:
    return f"""
    #chat_panel QPlainTextEdit, #compare_question, #source_text, #target_text, #writing_editor
        {{ background: {t.surface}; border-color: {t.line}; }}
    #chat_panel QPlainTextEdit:focus, #compare_question:focus, #source_text:focus, #target_text:focus,
        #writing_editor:focus {{ border-color: {t.accent}; }}
    QComboBox:disabled, QLineEdit:disabled {{ color: {t.muted}; background: {t.window}; }}
    QLineEdit, QComboBox {{ background: {t.surface}; color: {t.text}; border: 2px solid {t.line};
        border-radius: {CONTROL_RADIUS}px; padding: 3px 8px; selection-background-color: {t.accent};
        selection-color: {t.on_accent}; }}
    QComboBox[kind="quiet"] {{ background: transparent; border-color: transparent; color: {t.muted};
        padding: 1px 24px 1px 0; font-size: {fonts.points(0.87)}pt; }}
    QComboBox[kind="quiet"]::drop-down {{ width: 0; }}
    QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus {{ border-color: {t.accent}; }}
    QComboBox {{ padding-right: 28px; combobox-popup: 0; }}
    QComboBox::drop-down {{ border: none; width: 24px; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{ background: {t.surface}; color: {t.text}; border: {t.separator};
        selection-background-color: {t.raised}; selection-color: {t.text}; }}
    QComboBox QAbstractItemView::item {{ padding: 4px 6px; border: none; }}
    QComboBox QAbstractItemView::item:selected {{ background: {t.raised}; color: {t.text}; }}
    QPlainTextEdit {{ background: {t.raised}; border: 2px solid {t.raised}; border-radius: {CONTROL_RADIUS}px;
        padding: 4px; }}
    QPlainTextEdit[kind="code"] {{ font-family: "{fonts.mono_family}"; font-size: {fonts.points(0.94)}pt; }}
    """


def _tables(t: Theme) -> str:
    return f"""
    QSplitter::handle {{ background: {t.line}; }}
    QTableView {{ background: {t.surface}; color: {t.text}; border: {t.separator}; border-radius: {CONTROL_RADIUS}px;
        selection-background-color: {t.raised}; selection-color: {t.text}; }}
    QTableView:focus {{ border-color: {t.accent}; }}
    QHeaderView {{ background: {t.surface}; border: none; }}
    QHeaderView::section {{ background: {t.surface}; color: {t.muted}; border: none; border-bottom: {t.separator};
        padding: 4px 8px; }}
    QHeaderView::section:vertical {{ border: none; }}
    QTableCornerButton::section {{ background: {t.surface}; border: none; border-bottom: {t.separator}; }}
    QTableView {{ outline: none; }}
    QTableView::item {{ padding: 0 4px; border: 1px solid transparent; }}
    QTableView::item:selected {{ background: {t.raised}; color: {t.text}; }}
    QTableView::item:focus {{ border-color: {t.accent}; }}
    QProgressBar {{ background: {t.raised}; border: none; border-radius: 2px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
    QProgressBar[kind="warn"]::chunk {{ background: {t.warn}; }}
    """
