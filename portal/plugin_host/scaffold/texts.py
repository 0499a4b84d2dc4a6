"""The sentences of a new plugin in Simplified and in Traditional Chinese."""

TEXTS = {
    "Entry of a member": ("业主的登记", "業主的登記"),
    "Entry settled": ("登记已处理", "登記已處理"),
    "Keep it to 80 characters.": ("请控制在 80 个字以内。", "請控制在 80 個字以內。"),
    "Leave an entry": ("提交登记", "提交登記"),
    "Leave one above.": ("请在上方填写。", "請在上方填寫。"),
    "Left on": ("提交时间", "提交時間"),
    "Nobody has left an entry yet": ("还没有业主登记", "還沒有業主登記"),
    "Open entries of a member": ("每位业主的待处理登记数", "每位業主的待處理登記數"),
    "Say what it is about.": ("请填写登记内容。", "請填寫登記內容。"),
    "See your entries": ("查看我的登记", "查看我的登記"),
    "Settle": ("处理", "處理"),
    "Settle entries": ("处理登记", "處理登記"),
    "Settled an entry": ("处理了登记", "處理了登記"),
    "Settled by the staff": ("工作人员已处理", "工作人員已處理"),
    "Settled on": ("处理时间", "處理時間"),
    "The entry is settled.": ("登记已处理。", "登記已處理。"),
    "The staff settle what a member left.": (
        "工作人员处理业主的登记。",
        "工作人員處理業主的登記。",
    ),
    "Wait until one of your entries is settled.": (
        "待处理的登记已满，请等其中一条处理后再提交。",
        "待處理的登記已滿，請等其中一條處理後再提交。",
    ),
    "What is it about?": ("登记内容", "登記內容"),
    "What it is about": ("登记内容", "登記內容"),
    "With the staff": ("等待处理", "等待處理"),
    "You have left no entry yet": ("您还没有登记", "您還沒有登記"),
    "Your entries": ("我的登记", "我的登記"),
    "Your entry is with the staff.": ("登记已提交给工作人员。", "登記已提交給工作人員。"),
}
PLURALS = {
    (
        "%(num)s entry of yours is with the staff.",
        "%(num)s entries of yours are with the staff.",
    ): ("您有 %(num)s 条登记等待处理。", "您有 %(num)s 條登記等待處理。"),
}
